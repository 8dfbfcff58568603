/** The version of all programs; a test compares it with the root package.json, which bundles do not hold. */
export const VERSION = "0.1.0";
