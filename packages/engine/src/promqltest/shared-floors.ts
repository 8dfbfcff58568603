/**
 * How many evals of Prometheus' scripts pass: a floor, so that it cannot get worse. Raise it when more pass.
 *
 * The rest of a file is left out (native histograms, start timestamps: they are not stored) or fails for the
 * reason beside it. Files: the open share of v3.14.0's promqltest, beside the repository.
 */
export const SHARED_FLOORS: Readonly<Record<string, number>> = {
  "aggregators.test": 88,
  "at_modifier.test": 48,
  "collision.test": 1,
  "duration_expression.test": 41,
  // 63 fail: anchored and smoothed are not evaluated yet.
  "extended_vectors.test": 21,
  "fill-modifier.test": 32,
  "functions.test": 224,
  "histograms.test": 65,
  // 28 fail: info() is not on the shelf.
  "info.test": 1,
  "limit.test": 1,
  "literals.test": 17,
  "name_label_dropping.test": 21,
  "native_histograms.test": 2,
  "operators.test": 99,
  "range_queries.test": 12,
  "selectors.test": 21,
  "staleness.test": 12,
  // 1 fail: start timestamps are not stored.
  "start_timestamps.test": 0,
  "subquery.test": 23,
  "trig_functions.test": 13,
  // 12 fail: type and unit labels are ordinary labels here.
  "type_and_unit.test": 29,
};
