/** The function shelf: every card, one family per line. A new function is a card in its family's file. */
import type { LanguageFacts } from "@tideline/promql";
import { counting } from "./aggregate/counting.ts";
import { rankings } from "./aggregate/ranking.ts";
import { spread } from "./aggregate/spread.ts";
import { sums as groupSums } from "./aggregate/sums.ts";
import type { AggregateCard, FunctionCard } from "./card.ts";
import { labelFunctions } from "./label/label-functions.ts";
import { counters } from "./rollup/counters.ts";
import { quantiles } from "./rollup/quantiles.ts";
import { regression } from "./rollup/regression.ts";
import { selection } from "./rollup/selection.ts";
import { sums } from "./rollup/sums.ts";
import { conversion } from "./transform/conversion.ts";
import { dates } from "./transform/dates.ts";
import { histograms } from "./transform/histograms.ts";
import { math } from "./transform/math.ts";
import { nativeHistograms } from "./transform/native-histograms.ts";
import { presence } from "./transform/presence.ts";
import { queryGrid } from "./transform/query-grid.ts";
import { sorting } from "./transform/sorting.ts";
import { trigonometry } from "./transform/trigonometry.ts";

export const functionCards: readonly FunctionCard[] = [
  ...counters,
  ...quantiles,
  ...regression,
  ...selection,
  ...sums,
  ...conversion,
  ...dates,
  ...histograms,
  ...math,
  ...nativeHistograms,
  ...presence,
  ...queryGrid,
  ...sorting,
  ...trigonometry,
  ...labelFunctions,
];

export const aggregateCards: readonly AggregateCard[] = [
  ...groupSums,
  ...spread,
  ...rankings,
  ...counting,
];

const functionsByName = new Map(functionCards.map((card) => [card.name, card]));
const aggregatesByName = new Map(aggregateCards.map((card) => [card.name, card]));

export function functionCard(name: string): FunctionCard | undefined {
  return functionsByName.get(name);
}

export function aggregateCard(name: string): AggregateCard | undefined {
  return aggregatesByName.get(name);
}

/** What the parser is told about the shelf. */
export const languageFacts: LanguageFacts = {
  functionFacts(name) {
    const card = functionsByName.get(name);
    return (
      card && {
        argumentTypes: card.argumentTypes,
        variadic: card.variadic ?? 0,
        returnType: card.returnType,
        experimental: card.experimental ?? false,
        ...(card.matchersArgumentIndex === undefined
          ? {}
          : { matchersArgumentIndex: card.matchersArgumentIndex }),
      }
    );
  },
  aggregationFacts(name) {
    const card = aggregatesByName.get(name);
    return card && { parameterType: card.parameterType, experimental: card.experimental ?? false };
  },
};
