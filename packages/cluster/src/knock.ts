/**
 * Whether somebody listens at an address: a TCP connection that is closed at once. Costs a tenth of a gRPC channel that finds
 * nobody, so a node that is away is knocked for often, and is back soon after it listens.
 */
import { connect } from "node:net";
import type { Clock } from "@tideline/common";

/**
 * @param address `host:port`, IPv6 hosts in brackets
 * @param onAnswer told once, unless it was cancelled; whoever does not answer within `timeoutMs` is not there
 * @returns cancels it
 */
export function knock(
  address: string,
  timeoutMs: number,
  clock: Clock,
  onAnswer: (isThere: boolean) => void,
): () => void {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  const socket = connect({ host, port: Number(address.slice(colon + 1)) });
  let isOpen = true;
  const end = (): boolean => {
    const wasOpen = isOpen;
    isOpen = false;
    cancelTimeout();
    socket.destroy();
    return wasOpen;
  };
  const answer = (isThere: boolean): void => {
    if (end()) onAnswer(isThere);
  };
  const cancelTimeout = clock.after(timeoutMs, () => {
    answer(false);
  });
  socket.on("connect", () => {
    answer(true);
  });
  socket.on("error", () => {
    answer(false);
  });
  return end;
}
