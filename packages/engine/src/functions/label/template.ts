/**
 * Replacement templates in Go's syntax: `$1`, `$name`, `${1}`, `${name}`, and `$$` for a dollar. Without braces a name
 * is as long as it can be, so `$1x` is the group "1x", which does not exist and is empty. A dollar that starts nothing
 * stands for itself.
 */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "group"; readonly group: string };

const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of template.matchAll(REFERENCE)) {
    parts.push({ kind: "text", text: template.slice(end, match.index) });
    const group = match[1] ?? match[2];
    parts.push(group === undefined ? { kind: "text", text: "$" } : { kind: "group", group });
    end = match.index + match[0].length;
  }
  parts.push({ kind: "text", text: template.slice(end) });
  return parts;
}
