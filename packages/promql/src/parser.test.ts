import { describe, expect, test } from "vitest";
import { ParseError } from "./parse-error.ts";
import { parse, parseSelector } from "./parser.ts";
import { print } from "./print.ts";
import { prometheusFacts } from "./testing/facts.ts";
import { nameMatcher, shapeOf } from "./testing/trees.ts";

const parseText = (text: string) => parse(text, prometheusFacts);

describe("operators bind as in Prometheus", () => {
  test.for([
    ["a + b * c", "(+ a (* b c))"],
    ["a * b + c", "(+ (* a b) c)"],
    ["a - b - c", "(- (- a b) c)"],
    ["a ^ b ^ c", "(^ a (^ b c))"],
    ["a / b atan2 c % d", "(% (atan2 (/ a b) c) d)"],
    ["a or b and c unless d or e", "(or (or a (unless (and b c) d)) e)"],
    ["a == b + c > d", "(> (== a (+ b c)) d)"],
    ["-1 ^ 2", "(- (^ 1 2))"],
    ["-a * b", "(* (- a) b)"],
    ["-a ^ b", "(- (^ a b))"],
    ["2 ^ -1 ^ 2", "(^ 2 (- (^ 1 2)))"],
    ["2 ^ -3 * 4", "(* (^ 2 -3) 4)"],
    ["--a", "(- (- a))"],
    ["+-+1", "-1"],
    ["a + b offset 5m", "(+ a b offset 5m)"],
    ["foo offset 1m + 2", "(+ foo offset 1m 2)"],
    ["foo offset -2 ^ 2", "(^ foo offset -2s 2)"],
    ["foo offset step() * 2", "(* foo offset step() 2)"],
    ["a </ 1 + 2", "(</ a (+ 1 2))"],
  ])("%s", ([text, shape]) => {
    expect(shapeOf(parseText(text as string))).toBe(shape);
  });
});

describe("canonical text", () => {
  test.for([
    ["foo{}", "foo"],
    ["foo { a = 'x' , }", 'foo{a="x"}'],
    [`{"foo", 'a'!="b"}`, '{__name__="foo",a!="b"}'],
    ['{"my.metric","label.name"=~"x"}', '{"label.name"=~"x",__name__="my.metric"}'],
    ['foo{b="1",a!="2",a="3"}', 'foo{a!="2",a="3",b="1"}'],
    ["foo offset 0s", "foo"],
    ['"\\a\\x00\\u00a0\\u00e9"', '"\\a\\x00\\u00a0é"'],
    ["1e21 + 1e-7", "1000000000000000000000 + 0.0000001"],
    ["a + fill(1e6) b", "a + fill (1e+06) b"],
    ['{__name__="foo"}', '{__name__="foo"}'],
    ['{"a","b"}', '{__name__="a",__name__="b"}'],
    ["SUM BY (A, b,) (x)", "sum by (A, b) (x)"],
    ["sum(x) without (y)", "sum without (y) (x)"],
    ['sum by ("a b", on, sum) (x)', 'sum by ("a b", on, sum) (x)'],
    ["topk(5, x)", "topk(5, x)"],
    ["foo @ 1.5 offset 5m", "foo @ 1.500 offset 5m"],
    ["foo offset -5m @ end()", "foo @ end() offset -5m"],
    ["foo[300] @ START()", "foo[5m] @ start()"],
    ["foo[90061001ms]", "foo[1d1h1m1s1ms]"],
    ["foo[5m:1m] offset 1w", "foo[5m:1m] offset 1w"],
    ["rate(foo[5m])[1h:]", "rate(foo[5m])[1h:]"],
    ["a+on(x)group_left b", "a + on (x) group_left () b"],
    ["a == bool ignoring(x) group_right(y,z) b", "a == bool ignoring (x) group_right (y, z) b"],
    ["a + ignoring() b", "a + b"],
    ["a + on() b", "a + on () b"],
    ["a + fill(0) b", "a + fill (0) b"],
    ["a + fill_right(2) fill_left(-Inf) b", "a + fill_left (-Inf) fill_right (2) b"],
    ["fill + fill_left", "fill + fill_left"],
    ["foo[5m] Anchored", "foo[5m] anchored"],
    ["foo smoothed offset 1m", "foo smoothed offset 1m"],
    ["foo[MAX_OF(step()+1,1h) * -(2m)]", "foo[max_of(step() + 1, 1h) * -(2m)]"],
    ["foo[ ( 5m ) : (step()) ]", "foo[(5m):(step())]"],
    ["foo[5m:step()]", "foo[5m:step()]"],
    ["foo[--(1m + 2m) * -step()]", "foo[--(1m + 2m) * -step()]"],
    ["foo # to the end\n + bar", "foo + bar"],
    ['{ # one\n a="b", # two\n }', '{a="b"}'],
    ["sum", "sum"],
    ["sum offset 5m", "sum offset 5m"],
    ["and AND and", "and and and"],
    ["offset offset 5m", "offset offset 5m"],
    [":a:b", ":a:b"],
    ["start + end", "start + end"],
    ["1h30m", "1h30m"],
    ["-5m", "-5m"],
    ["1 / -0s / -0", "1 / -0s / -0"],
    ["foo[1m + -0s]", "foo[1m + -0s]"],
    ["Inf ^ -Inf ^ -Inf", "Inf ^ -Inf ^ -Inf"],
    ["Inf + Inf", "+Inf + +Inf"],
    ["0x1F + 017 + 08 + 1_000.5_0e1_0", "31 + 15 + 8 + 10005000000000"],
    ["iNf - NAN", "+Inf - NaN"],
    ["'it\\'s'", '"it\'s"'],
    ["`raw\\n\n`", '"raw\\\\n\\n"'],
    ["time()", "time()"],
    ["hour()", "hour()"],
    ["min_of(1, 2)", "min_of(1, 2)"],
    ["step() + range() + start() + end()", "step() + range() + start() + end()"],
    ['info(a, {b="c"})', 'info(a, {b="c"})'],
    ["info(a, {})", "info(a, {})"],
  ])("%s", ([text, canonical]) => {
    const tree = parseText(text as string);
    expect(print(tree)).toBe(canonical);
    expect(print(parseText(print(tree)))).toBe(canonical);
  });
});

describe("what is no expression is refused, with the place and the reason", () => {
  test.for([
    ["", "unknown position: parse error: no expression found in input"],
    [" # c", "1:1: parse error: no expression found in input"],
    ["1h30mx", '1:1: parse error: bad number or duration syntax: "1h30mx"'],
    ["1h30", '1:1: parse error: bad number or duration syntax: "1h30"'],
    ["1.5.", '1:1: parse error: bad number or duration syntax: "1.5."'],
    ["87endd", '1:1: parse error: bad number or duration syntax: "87e"'],
    ["a[=5m]", "1:3: parse error: unexpected character in duration expression: '='"],
    ["a[foo]", "1:3: parse error: unexpected character in duration expression: 'f'"],
    ["a[5m # c]", "1:6: parse error: unexpected character in duration expression: '#'"],
    ["a[:5m]", "1:4: parse error: unexpected colon before duration in duration expression"],
    ["a[5m:1m:1m]", "1:9: parse error: unexpected repeated colon in duration expression"],
    ["f(a, *b)", "1:4: parse error: trailing commas not allowed in function call args"],
    ["  # nothing", "1:1: parse error: no expression found in input"],
    ["1 +", "1:4: parse error: unexpected end of input"],
    ["foo bar", '1:5: parse error: unexpected identifier "bar"'],
    ["foo\n  bar", '2:3: parse error: unexpected identifier "bar"'],
    ['{"höhe"} 1', '1:11: parse error: unexpected number "1"'],
    ["sum(", "1:5: parse error: unclosed left parenthesis"],
    ["(1", "1:3: parse error: unclosed left parenthesis"],
    ["1)", "1:3: parse error: unexpected right parenthesis ')'"],
    ["1 =", '1:3: parse error: unexpected "="'],
    ["1 =~ 2", "1:3: parse error: unexpected character after '=': '~'"],
    ["1 ! 2", "1:3: parse error: unexpected character after '!': ' '"],
    ["1 $ 2", "1:3: parse error: unexpected character: '$'"],
    ["*1", "1:1: parse error: unexpected <op:*>"],
    ["foo{", "1:5: parse error: unexpected end of input inside braces"],
    ["foo{a=1}", "1:7: parse error: unexpected character inside braces: '1'"],
    [
      "foo{a}",
      '1:6: parse error: unexpected "}" in label matching, expected label matching operator',
    ],
    ["foo{a=b}", '1:7: parse error: unexpected identifier "b" in label matching, expected string'],
    [
      'foo{a="b" c="d"}',
      '1:11: parse error: unexpected identifier "c" in label matching, expected "," or "}"',
    ],
    ["foo{,}", '1:5: parse error: unexpected "," in label matching, expected identifier or "}"'],
    ['foo{a="b}', "1:7: parse error: unterminated quoted string"],
    ["foo{a=`b}", "1:7: parse error: unterminated raw string"],
    ['"\\q"', "1:1: parse error: unknown escape sequence U+0071 'q'"],
    ['"\\xg0"', "1:1: parse error: illegal character U+0067 'g' in escape sequence"],
    ['"\\ud800"', "1:1: parse error: escape sequence is an invalid Unicode code point"],
    ['"\ufffd"', "1:1: parse error: invalid UTF-8 rune"],
    ["5x", '1:1: parse error: bad number or duration syntax: "5"'],
    ["1__0", '1:1: parse error: bad number or duration syntax: "1__"'],
    [
      "1e400",
      '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "1e400": value out of range',
    ],
    ["3s5m", '1:1: parse error: not a valid duration string: "3s5m"'],
    [
      "foo[]",
      '1:5: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()',
    ],
    ["foo[5m", "1:7: parse error: unexpected end of input in duration expression"],
    ["foo[0]", "1:5: parse error: duration must be greater than 0"],
    ["foo[-5m]", "1:5: parse error: duration must be greater than 0"],
    ["foo[5m:0s]", "1:8: parse error: duration must be greater than 0"],
    ["foo[300y]", "1:5: parse error: duration out of range"],
    ["foo[1m/0]", "1:7: parse error: division by zero"],
    ["foo[1m%0]", "1:7: parse error: modulo by zero"],
    [
      "foo[1m 2m]",
      '1:8: parse error: unexpected duration "2m" in subquery or range, expected ":" or "]"',
    ],
    ["foo]", "1:4: parse error: unexpected right bracket ']'"],
    ["1[5m]", "1:2: parse error: ranges only allowed for vector selectors"],
    ["foo offset 5m [5m]", "1:15: parse error: no offset modifiers allowed before range"],
    ["foo @ 5 [5m]", "1:9: parse error: no @ modifiers allowed before range"],
    [
      "foo offset",
      "1:11: parse error: unexpected end of input in offset, expected number, duration, step(), or range()",
    ],
    ["foo offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"],
    ["foo @ 5 @ 5", "1:1: parse error: @ <timestamp> may not be set multiple times"],
    ["foo @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"],
    ["foo @ bar", '1:7: parse error: unexpected identifier "bar" in @, expected timestamp'],
    [
      "1 offset 5m",
      "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
    ],
    [
      "rate(a[1m]) @ 5",
      "1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
    ],
    ["a[5m:] anchored", "1:1: parse error: anchored modifier is not supported for subqueries"],
    [
      "a anchored smoothed",
      "1:1: parse error: anchored and smoothed modifiers cannot be used together",
    ],
    ["sum(a", "1:6: parse error: unclosed left parenthesis"],
    ["sum by a (b)", '1:8: parse error: unexpected identifier "a" in grouping opts, expected "("'],
    ["sum by (1) (b)", '1:9: parse error: unexpected number "1" in grouping opts, expected label'],
    [
      "sum by (a b) (c)",
      '1:11: parse error: unexpected identifier "b" in grouping opts, expected "," or ")"',
    ],
    ["sum by (a) b", '1:12: parse error: unexpected identifier "b" in aggregation'],
    ["sum(a b)", '1:7: parse error: unexpected identifier "b" in aggregation'],
    ["sum()", "1:1: parse error: no arguments for aggregate expression provided"],
    [
      "sum(a, b)",
      "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2",
    ],
    [
      "topk(a)",
      "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
    ],
    ["rate(a[5m],)", "1:11: parse error: trailing commas not allowed in function call args"],
    ["nope(a)", '1:1: parse error: unknown function with name "nope"'],
    ["RATE(a[5m])", '1:1: parse error: unknown function with name "RATE"'],
    ["a + group_left b", "1:5: parse error: unexpected <group_left>"],
    [
      "a + fill(x) b",
      '1:10: parse error: unexpected identifier "x" in fill modifier, expected number',
    ],
    ["a + fill(1) fill_left(2) b", "1:13: parse error: fill_left may not be set multiple times"],
  ])("%s", ([text, message]) => {
    expect(() => parseText(text as string)).toThrow(message);
  });
});

test("an error knows its place and is the client's fault", () => {
  const error = errorOf("sum(\n  foo bar)");
  expect(error).toBeInstanceOf(ParseError);
  expect(error).toMatchObject({ status: 400, line: 2, column: 7, offset: 11 });
});

function errorOf(text: string): unknown {
  try {
    return parseText(text);
  } catch (error) {
    return error;
  }
}

test("the first fault in reading order is told, even if the lexer finds another one further on", () => {
  expect(() => parseText('foo bar "open')).toThrow('1:5: parse error: unexpected identifier "bar"');
});

describe("nothing is unbounded", () => {
  test.for([
    { name: "parentheses", text: "(".repeat(100_000) },
    { name: "signs", text: `${"-".repeat(100_000)}1` },
    { name: "calls", text: "abs(".repeat(100_000) },
    { name: "powers", text: `1${"^1".repeat(100_000)}` },
    { name: "durations", text: `a[${"(".repeat(100_000)}` },
    { name: "a chain", text: `1${"+1".repeat(100_000)}` },
    { name: "subqueries", text: `a${"[1m:]".repeat(100_000)}` },
    { name: "length", text: " ".repeat(2 ** 20 + 1) },
  ])("$name: too many are an error, not a stack overflow", ({ text }) => {
    expect(() => parseText(text)).toThrow(ParseError);
  });

  test("what people write is far below the limits", () => {
    expect(() => parseText(`${"(".repeat(90)}1${")".repeat(90)}`)).not.toThrow();
    expect(() => parseText(`a${" or a".repeat(500)}`)).not.toThrow();
  });
});

test.for([
  ["a[1m+1m]", "1:3: parse error: experimental duration expression is not enabled"],
  ["a offset step()", "1:10: parse error: experimental duration expression is not enabled"],
  ["1 + a + fill(1) b", "1:1: parse error: binop fill modifiers are experimental and not enabled"],
  ["rate(a[5m] anchored)", "1:6: parse error: anchored modifier is experimental and not enabled"],
  ["a smoothed", "1:1: parse error: smoothed modifier is experimental and not enabled"],
  [
    "1 + limitk(1, a)",
    "1:5: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
  ],
  ["1 + mad_over_time(a[5m])", '1:5: parse error: function "mad_over_time" is not enabled'],
])("%s can be switched off", ([text = "", message = ""]) => {
  expect(() => parse(text, prometheusFacts, { allowExperimental: false })).toThrow(message);
  expect(() => parseText(text)).not.toThrow();
});

describe("parseSelector", () => {
  test("takes a bare selector and puts the name last", () => {
    expect(parseSelector('up{job="a"}')).toEqual([
      { name: "job", operator: "=", value: "a" },
      nameMatcher("up"),
    ]);
    expect(parseSelector("{}")).toEqual([]);
  });

  test.for(["", "1", "up[5m]", "up offset 5m", "up + up", "sum(up)", 'up{a=~"("}'])(
    "refuses %s",
    (text) => {
      expect(() => parseSelector(text)).toThrow(ParseError);
    },
  );
});
