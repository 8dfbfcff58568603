/** Entry of a lane's thread that works out the leaves of queries where their blocks lie. */
import { leavesOnBlocks } from "@tideline/engine";
import { runLane } from "@tideline/storage";

await runLane(leavesOnBlocks());
