/**
 * What one target has been told: which stream refs it can translate to series.
 *
 * Stream refs are dense per target, so that a lane's flat array over them is as long as the series it
 * holds. They outlive a broken stream; what has been told does not.
 */

import { growBuffer } from "@tideline/common";
import { KeyForecast } from "./key-forecast.ts";

export class StreamDictionary {
  /** Written into every block: when a lane meets another one on a stream, it forgets that stream's refs. */
  readonly number: number;
  /** The next stream ref to give out. */
  nextRef = 0;
  /** One byte per stream ref: 1 when a block on this stream has defined it. */
  told = new Uint8Array(64);
  readonly forecast = new KeyForecast();

  constructor(number: number) {
    this.number = number;
  }

  /** Gives out a stream ref. */
  add(): number {
    const ref = this.nextRef;
    this.nextRef += 1;
    if (ref >= this.told.length) {
      this.told = new Uint8Array(growBuffer(this.told.buffer, this.told.length * 2));
    }
    return ref;
  }

  /** The stream broke: on the next one nothing is known. */
  forgetTold(): void {
    this.told.fill(0);
    this.forecast.reset();
  }
}
