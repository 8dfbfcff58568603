/** What the index costs when series come and go. */
import type { FigureCard } from "./card.ts";
import { numberIn, runNode } from "./run-command.ts";

export const churn: FigureCard = {
  name: "churn",
  command: "node bench/churn.ts",
  figures: [
    {
      id: "indexBytes",
      what: "index bytes per series and day, 5% churn an hour, 60 s interval, parts of a day",
      asked: "reported",
    },
    {
      id: "indexBytesHourly",
      what: "… in the parts of its hours, before they are merged",
      asked: "reported",
    },
    {
      id: "walBytes",
      what: "… bytes of log per sample, with the definition of each series in each hour",
      asked: "reported",
    },
  ],
  async measure() {
    const text = await runNode("bench/churn.ts");
    const of = (name: string): number => numberIn(text, new RegExp(`"${name}":([0-9.]+)`));
    return {
      indexBytes: of("indexBytes"),
      indexBytesHourly: of("indexBytesHourly"),
      walBytes: of("walBytes"),
    };
  },
};
