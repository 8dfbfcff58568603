/** Failures of the disk as errors that senders can act on: writing again helps once the disk is well. */
import { errorCode } from "@tideline/common";
import { OverloadError } from "@tideline/model";

/**
 * Only what the disk reports becomes an OverloadError; anything else is a fault of ours and is thrown as it is.
 *
 * @param message begins with "Cannot"
 * @param cause the Disk's error, or null when a write was short
 */
export function diskError(
  code: string,
  message: string,
  cause: unknown,
  writtenSize = 0,
): OverloadError {
  if (cause instanceof OverloadError) return cause;
  if (cause !== null && errorCode(cause) === null) throw cause;
  const reason = cause instanceof Error ? cause.message : `only ${writtenSize} bytes were written`;
  return new OverloadError(code, `${message}: ${reason}`, { cause });
}
