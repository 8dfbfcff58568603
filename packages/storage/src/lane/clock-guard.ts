/**
 * Notices a clock that jumped, before retention drops what it must not. The clock is kept on disk; when it has moved by more than a
 * day besides the time that passed, it is not trusted until samples come that are of its time.
 *
 * The time that passed is known while the process runs. Over a restart it is not: a storage that was off for more than a day drops
 * nothing until its senders are back.
 */
import { errorCode, type Clock, type Disk } from "@tideline/common";
import { OverloadError } from "@tideline/model";
import type { Log } from "../options.ts";
import { readSmallFile, replaceSmallFile } from "../small-file.ts";

const JUMP_MS = 24 * 3_600_000;

export interface ClockGuardOptions {
  readonly disk: Disk;
  /** File of the clock, in the lane's folder. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class ClockGuard {
  readonly #options: ClockGuardOptions;
  /** What the clock is expected to show is this plus the monotonic time since; null before the first check. */
  #offsetMs: number | null;
  #isSuspended = false;

  constructor(options: ClockGuardOptions) {
    this.#options = options;
    const savedMs = this.#read();
    this.#offsetMs = savedMs === null ? null : savedMs - options.clock.monotonicMs();
  }

  /** Whether nothing is dropped now. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** Whether the clock may be gone by at this moment. @param newestMs time of the newest sample */
  agrees(newestMs: number): boolean {
    const nowMs = this.#options.clock.nowMs();
    return Math.abs(nowMs - this.#expectedMs) <= JUMP_MS || Math.abs(nowMs - newestMs) <= JUMP_MS;
  }

  /** As `agrees`, now and then: what the clock shows is kept for the next time. */
  check(newestMs: number): boolean {
    const { clock, log } = this.#options;
    const nowMs = clock.nowMs();
    const hasJumped = !this.agrees(newestMs);
    if (hasJumped && !this.#isSuspended) {
      const expectedMs = this.#expectedMs;
      log.warn({ nowMs, expectedMs }, "the clock jumped: nothing is dropped until samples agree");
    }
    this.#isSuspended = hasJumped;
    if (hasJumped) return false;
    this.#offsetMs = nowMs - clock.monotonicMs();
    this.#write(nowMs);
    return true;
  }

  get #expectedMs(): number {
    const { clock } = this.#options;
    return this.#offsetMs === null ? clock.nowMs() : this.#offsetMs + clock.monotonicMs();
  }

  /** A clock that cannot be read is as good as none. */
  #read(): number | null {
    const { disk, path, log } = this.#options;
    try {
      const text = readSmallFile(disk, path);
      const ms = Number(text);
      return text && Number.isSafeInteger(ms) ? ms : null;
    } catch (error) {
      if (errorCode(error) === null) throw error;
      log.error({ err: error, path }, "cannot read the saved clock");
      return null;
    }
  }

  #write(ms: number): void {
    const { disk, path, log } = this.#options;
    try {
      replaceSmallFile(disk, path, `${ms}\n`);
    } catch (error) {
      if (!(error instanceof OverloadError)) throw error;
      log.error({ err: error, path }, "cannot save the clock");
    }
  }
}
