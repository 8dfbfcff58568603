import { defineConfig } from "oxlint";

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "import", "node", "promise", "vitest"],
  categories: { correctness: "error", suspicious: "error" },
  options: { typeAware: true, reportUnusedDisableDirectives: "error" },
  ignorePatterns: ["**/*.as.ts"],
  rules: {
    eqeqeq: "error",
    "no-console": "error",
    "import/no-cycle": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/switch-exhaustiveness-check": "error",
    // The type checker does this better (noImplicitReturns, exhaustive switches).
    "typescript/consistent-return": "off",
    "consistent-return": "off",
    // Messages go to threads here, not to windows.
    "unicorn/require-post-message-target-origin": "off",
    // Awaiting in turn is the point wherever order or backpressure matters.
    "no-await-in-loop": "off",
    // Flat-memory code shadows nothing by accident, but writes short names on purpose.
    "no-underscore-dangle": "off",
    "max-lines": ["warn", { max: 500, skipBlankLines: true, skipComments: true }],
  },
});
