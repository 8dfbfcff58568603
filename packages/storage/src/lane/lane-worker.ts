/** Entry of a lane's thread in a storage that is given none: its searches get blocks. */
import { runLane } from "./run-lane.ts";

await runLane(null);
