/** Times as text. Digits of values: @tideline/kernels. */

/** Seconds, with three decimals if they are no whole ones, as Prometheus writes the times of samples: 1435781451.780. */
export function timeText(timeMs: number): string {
  const sign = timeMs < 0 ? "-" : "";
  const magnitude = Math.abs(timeMs);
  const seconds = Math.floor(magnitude / 1000);
  const ms = magnitude - seconds * 1000;
  return ms === 0 ? `${sign}${seconds}` : `${sign}${seconds}.${String(ms).padStart(3, "0")}`;
}
