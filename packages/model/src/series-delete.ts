/** The contract of deleting: which samples go. Implemented by storage over its lanes and by cluster over its nodes. */
import type { Matcher } from "./matcher.ts";
import type { Tenant } from "./tenant.ts";

/** Samples of the matching series from `startMs` to `endMs`, both inclusive. */
export interface SeriesDelete {
  readonly tenant: Tenant;
  /** Alternatives, each a conjunction, at least one: nobody deletes a whole tenant by leaving something out. */
  readonly filters: readonly (readonly Matcher[])[];
  readonly startMs: number;
  readonly endMs: number;
}

export interface DeleteSink {
  /**
   * Deletes what was acknowledged before the call, for good: when it settles, no answer has it and no crash brings it
   * back. What is written afterwards is there, also at the same times.
   *
   * @throws {OverloadError} not everywhere: trying again helps. What some have deleted stays deleted.
   */
  deleteSeries(request: SeriesDelete): Promise<void>;
}
