/**
 * What is read from proto/tideline/cluster.proto: the methods' paths and the hello. Everything else goes
 * through the hand-written envelope.
 */
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { entryUrl, must } from "@tideline/common";
import { CorruptionError } from "@tideline/model";
import { fileURLToPath } from "node:url";

/** Versions of the wire protocol that this program speaks. */
export const WIRE_VERSIONS: readonly number[] = [1];

/** The node takes offers of key lists, and names in frames what was offered. */
export const FEATURE_KEY_LISTS = "key-lists";

/** The asker takes a frame's count of 1 for: the last one, and nothing is missing. */
export const FEATURE_LAST_FRAMES = "last-frames";

/** The node takes leaves with searches, and may answer with rows. */
export const FEATURE_LEAF_ROWS = "leaf-rows";

/** The first message each way: fields as in cluster.proto. */
export interface Hello {
  readonly wireVersions: readonly number[];
  readonly features: readonly string[];
  readonly nodeId: string;
  readonly bootId: string;
  readonly laneCount: number;
  readonly placementHash: string;
  readonly clockMs: number;
  readonly programVersion: string;
}

export type ServiceName = "Insert" | "Select";

const PACKAGE = "tideline.cluster.v1";

const definitions = loadSync(
  fileURLToPath(entryUrl(new URL("../../../proto/tideline/cluster.proto", import.meta.url))),
  { longs: Number, defaults: true, arrays: true },
);

const helloType = must(
  definitions[`${PACKAGE}.Hello`],
  "cluster.proto defines Hello",
) as MessageTypeDefinition<object, object>;

/** Path of a service's one method, `Stream`. */
export function streamPath(service: ServiceName): string {
  const definition = must(definitions[`${PACKAGE}.${service}`], `cluster.proto has ${service}`);
  return must((definition as ServiceDefinition)["Stream"], `${service} has a Stream`).path;
}

export function encodeHello(hello: Hello): Uint8Array {
  return helloType.serialize(hello);
}

/** @throws {CorruptionError} when the bytes are no Hello */
export function decodeHello(bytes: Uint8Array): Hello {
  try {
    return helloType.deserialize(Buffer.from(bytes)) as Hello;
  } catch (cause) {
    throw new CorruptionError("TIDELINE_HELLO", "Cannot decode a hello", { cause });
  }
}

/** The highest version that both sides speak; 0 when there is none. */
export function commonWireVersion(hello: Hello): number {
  return Math.max(0, ...WIRE_VERSIONS.filter((version) => hello.wireVersions.includes(version)));
}
