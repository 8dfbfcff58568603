/** The shelf of figures, in the order of the page. */
import type { FigureCard } from "./card.ts";
import { churn } from "./churn.ts";
import { harness } from "./harness.ts";
import { kernels } from "./kernels.ts";
import { month } from "./month.ts";
import { sizes } from "./sizes.ts";

export const figureCards: readonly FigureCard[] = [harness, sizes, kernels, month, churn];
