/**
 * A FrameSource over a MessagePort: the main thread serves what it has, a query worker reads it. Frames are
 * transferred, not copied, where they are alone in their ArrayBuffer.
 */
import { OverloadError } from "@tideline/model";
import type { MessagePort } from "node:worker_threads";
import type { FrameSource } from "../series-frame/frame-source.ts";
import { frameSourceOf } from "./answer-frames.ts";
import { FrameClient } from "./frame-client.ts";
import { FrameServer } from "./frame-server.ts";

/** From the worker to the main thread. */
type AskMessage =
  | {
      readonly type: "ask";
      readonly id: number;
      readonly request: Uint8Array;
      readonly credit: number;
    }
  | { readonly type: "credit"; readonly id: number; readonly count: number }
  | { readonly type: "cancel"; readonly id: number };

/** From the main thread to the worker. */
type AnswerMessage =
  | {
      readonly type: "frame";
      readonly id: number;
      readonly frame: Uint8Array;
      readonly isLast: boolean;
    }
  | { readonly type: "failure"; readonly id: number; readonly failure: Uint8Array };

/**
 * Answers what the other end of `port` asks, until it is closed.
 *
 * @param onFault is told of errors that are none of the model's classes
 */
export function serveFrames(
  port: MessagePort,
  source: FrameSource,
  onFault: (error: unknown) => void,
): void {
  const server = new FrameServer({
    source,
    onFault,
    transport: {
      frame(id, frame, isLast) {
        const alone = aloneInBuffer(frame);
        post(port, { type: "frame", id, frame: alone, isLast }, alone.buffer);
      },
      failure(id, failure) {
        post(port, { type: "failure", id, failure });
      },
    },
  });
  port.on("message", (message: AskMessage) => {
    if (message.type === "ask") server.onAsk(message.id, message.request, message.credit);
    else if (message.type === "credit") server.onCredit(message.id, message.count);
    else server.onCancel(message.id);
  });
  port.on("close", () => {
    server.close();
  });
}

/** The FrameSource that is served at the other end of `port`. */
export function portFrameSource(port: MessagePort): FrameSource {
  const client = new FrameClient({
    ask(id, request, credit) {
      send({ type: "ask", id, request, credit });
    },
    credit(id, count) {
      send({ type: "credit", id, count });
    },
    cancel(id) {
      send({ type: "cancel", id });
    },
  });
  const send = (message: AskMessage): void => {
    port.postMessage(message);
  };
  port.on("message", (message: AnswerMessage) => {
    if (message.type === "frame") client.onFrame(message.id, message.frame, message.isLast);
    else client.onFailure(message.id, message.failure);
  });
  port.on("close", () => {
    client.close(new OverloadError("TIDELINE_PORT_CLOSED", "Cannot read: the source is closing"));
  });
  return frameSourceOf((request, signal) => client.ask(request, signal));
}

function post(port: MessagePort, message: AnswerMessage, transferred?: ArrayBuffer): void {
  port.postMessage(message, transferred === undefined ? [] : [transferred]);
}

/** What a message of gRPC has around its frame at most: an envelope's head, and room for one. */
const SURROUNDINGS_SIZE_MAX = 64;
/** Smaller ones are copied, whatever lies around them. */
const MOVED_SIZE_MIN = 16 * 1024;

/** The bytes in an ArrayBuffer that holds nothing else of use: a view into a pool must not be transferred. */
function aloneInBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength, byteOffset } = bytes;
  const surroundingsSize = buffer.byteLength - byteLength;
  const isMessage = byteLength >= MOVED_SIZE_MIN && surroundingsSize <= SURROUNDINGS_SIZE_MAX;
  if (buffer instanceof ArrayBuffer && (surroundingsSize === 0 || isMessage)) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  return new Uint8Array(bytes);
}
