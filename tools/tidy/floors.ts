/** The floors of the house, ground floor first. A package may import only from floors below its own. */
export const FLOORS: readonly (readonly string[])[] = [
  ["common"],
  ["kernels"],
  ["model"],
  ["promql", "wire", "placement"],
  ["storage", "engine", "service"],
  ["cluster", "protocols"],
  ["vminsert", "vmstorage", "vmselect", "tideline-inspect"],
  ["vmsingle"],
];
