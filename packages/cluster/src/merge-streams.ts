/** Reads several streams at once and gives out items as they come, at most one per stream waiting. */

/** What happened to one stream: an item, its end, or its error. */
export type StreamEvent<T> =
  | { readonly index: number; readonly type: "item"; readonly item: T }
  | { readonly index: number; readonly type: "end" }
  | { readonly index: number; readonly type: "error"; readonly error: unknown };

/**
 * Never throws: the errors of streams are events. Whoever leaves early stops the streams by a signal of
 * their own.
 */
export async function* mergeStreams<T>(
  streams: readonly AsyncIterable<T>[],
): AsyncGenerator<StreamEvent<T>> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  const events: StreamEvent<T>[] = [];
  const waiting: { wake: (() => void) | null } = { wake: null };
  const advance = async (index: number): Promise<void> => {
    try {
      const result = await (iterators[index] as AsyncIterator<T>).next();
      if (result.done === true) events.push({ index, type: "end" });
      else events.push({ index, type: "item", item: result.value });
    } catch (error) {
      events.push({ index, type: "error", error });
    }
    waiting.wake?.();
  };
  for (const index of iterators.keys()) void advance(index);
  let openCount = iterators.length;
  while (openCount > 0) {
    const event = events.shift();
    if (!event) {
      await new Promise<void>((resolve) => {
        waiting.wake = resolve;
      });
      continue;
    }
    if (event.type === "item") void advance(event.index);
    else openCount -= 1;
    yield event;
  }
}
