/** Lists in one flag: `a,b`, with quotes around a value that holds a comma: `"a,b",'c'`. */

/** @returns the values, or undefined when a quote stays open; empty text is an empty list */
export function parseList(text: string): readonly string[] | undefined {
  const values: string[] = [];
  if (text === "") return values;
  const item = /"((?:[^"\\]|\\.)*)"(?=,|$)|'([^']*)'(?=,|$)|([^,"'][^,]*|)(?=,|$)/y;
  for (;;) {
    const match = item.exec(text);
    if (!match) return undefined;
    const [, double, single, plain] = match;
    values.push(double?.replaceAll(/\\(.)/g, "$1") ?? single ?? plain ?? "");
    if (item.lastIndex === text.length) return values;
    item.lastIndex += 1; // over the comma
  }
}
