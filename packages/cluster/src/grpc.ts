/**
 * How gRPC is used here: raw buffers as messages, limits, and pings that notice a peer which is gone.
 */
import type { ChannelOptions } from "@grpc/grpc-js";

/** Messages of ours stay near 1 MB; this is what a receiver bears. */
const MESSAGE_SIZE_MAX = 64 * 1024 * 1024;

/** HTTP/2 window of a stream: enough for a fast line with some delay. */
const FLOW_CONTROL_WINDOW_SIZE = 4 * 1024 * 1024;

export const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": MESSAGE_SIZE_MAX,
  "grpc.max_send_message_length": MESSAGE_SIZE_MAX,
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW_SIZE,
  // Reconnecting is NodeLink's work, with its own backoff; nodes of a cluster are not behind a proxy.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
};

/** Messages are envelopes, encoded and decoded by their reader. */
export function rawMessage(message: Buffer): Buffer {
  return message;
}
