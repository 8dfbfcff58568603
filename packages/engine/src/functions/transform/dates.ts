/** Parts of a date, UTC; the values are Unix seconds, by default the step's own time. */
import type { Columns } from "../../columns/columns.ts";
import { NO_LABELS } from "../../labels/label-key.ts";
import type { TransformCard, TransformContext, Value } from "../card.ts";
import { mapped, vectorOf } from "./elementwise.ts";
import { stepSeconds } from "./conversion.ts";

const DAY_MS = 86_400_000;

/** Time as a vector of one row without labels. */
function timeVector(context: TransformContext): Columns {
  return {
    stepCount: context.stepCount,
    labels: [NO_LABELS],
    dropsName: null,
    values: stepSeconds(context.grid, context.stepCount),
    presence: new Uint8Array(context.stepCount).fill(1),
  };
}

/** The calendar repeats after 400 years: any time is moved into the first of these. */
const CYCLE_YEARS = 400;
const CYCLE_SECONDS = 146_097 * 86_400;

/** What Go makes of floats that are no 64-bit integer (NaN, infinities, beyond 2^63), seen as a date. */
const NO_INTEGER_SECONDS = 2 ** 63;

function datePart(
  name: string,
  help: string,
  part: (date: Date, cycleCount: number) => number,
): TransformCard {
  const date = new Date();
  const evaluate = (value: number): number => {
    // Whole seconds, as Go's time.Unix of an integer.
    const whole = Math.trunc(value);
    const seconds = whole >= -(2 ** 63) && whole < 2 ** 63 ? whole : NO_INTEGER_SECONDS;
    const cycleCount = Math.floor(seconds / CYCLE_SECONDS);
    date.setTime((((seconds % CYCLE_SECONDS) + CYCLE_SECONDS) % CYCLE_SECONDS) * 1000);
    return part(date, cycleCount);
  };
  return {
    kind: "transform",
    name,
    help: `${help}, UTC, of the values as Unix seconds; of the step's time without an argument`,
    argumentTypes: ["vector"],
    variadic: 1,
    returnType: "vector",
    dependsOnTime: true,
    evaluate(values: readonly Value[], context: TransformContext): Value {
      const columns = values.length === 0 ? timeVector(context) : vectorOf(values[0]);
      return { type: "vector", columns: mapped(columns, context, evaluate) };
    },
  };
}

function dayOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear());
  return Math.floor((date.getTime() - start.getTime()) / DAY_MS) + 1;
}

function daysInMonth(date: Date): number {
  const last = new Date(0);
  // Day 0 of the next month is the last one of this month.
  last.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + 1, 0);
  return last.getUTCDate();
}

export const dates: readonly TransformCard[] = [
  datePart("minute", "Minute of the hour, 0 to 59", (date) => date.getUTCMinutes()),
  datePart("hour", "Hour of the day, 0 to 23", (date) => date.getUTCHours()),
  datePart("day_of_week", "Day of the week, 0 (Sunday) to 6", (date) => date.getUTCDay()),
  datePart("day_of_month", "Day of the month, 1 to 31", (date) => date.getUTCDate()),
  datePart("day_of_year", "Day of the year, 1 to 366", dayOfYear),
  datePart("days_in_month", "Days that the month has, 28 to 31", daysInMonth),
  datePart("month", "Month, 1 to 12", (date) => date.getUTCMonth() + 1),
  datePart("year", "Year", (date, cycleCount) => date.getUTCFullYear() + cycleCount * CYCLE_YEARS),
];
