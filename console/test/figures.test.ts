// Figures, the URL, bodies and schemas: the pure parts of the console.
import { describe, expect, it } from "vitest";
import { bytes, duration, percent, relative, uptime } from "../src/i18n/format";
import { oneOf, present, whole } from "../src/ui/choice";
import { cell, toCsv } from "../src/ui/csv";
import { child, pretty, schemaTree } from "../src/ui/json";
import { general } from "../src/ui/names";
import { address, patched, timeRange } from "../src/ui/url";

describe("figures", () => {
  it("carry their units", () => {
    expect([870, 12_400, 3_100_000].map((us) => duration(us, "en"))).toEqual(["870 µs", "12.4 ms", "3.1 s"]);
    expect([512, 1_536, 8_402_113].map((size) => bytes(size, "en"))).toEqual(["512 B", "1.5 KiB", "8 MiB"]);
    expect([0, 0.0004, 0.034, 0.97].map((share) => percent(share, "en"))).toEqual(["0 %", "<0.1 %", "3.4 %", "97 %"]);
    const spans = [0, 5, 3_600 * 30, 61];
    expect(spans.map((span) => uptime(span, "en"))).toEqual(["0 s", "5 s", "1 d 6 h", "1 min 1 s"]);
    expect(spans.map((span) => uptime(span, "zh"))).toEqual(["0 秒", "5 秒", "1 天 6 小时", "1 分钟 1 秒"]);
  });

  it("say how long ago", () => {
    const now = Date.parse("2026-11-21T10:00:00Z");
    expect(relative("2026-11-21T09:57:00Z", now, "en")).toBe("3 minutes ago");
    expect(relative("2026-11-21T09:57:00Z", now, "zh")).toBe("3 分钟前");
    expect(relative("2026-11-19T10:00:00Z", now, "zh")).toBe("前天");
    expect(relative("2026-01-01T00:00:00Z", now, "en")).toMatch(/^202[56]-/);
    expect(relative("never", now, "en")).toBe("");
  });
});

describe("the URL", () => {
  const current = new URLSearchParams("site=a&lang=zh&page=3&text=x&open=7");
  it("keeps global keys on the way to another page", () => {
    expect(address("/calls", current, { endpoint: "1", text: "" })).toBe("/calls?site=a&lang=zh&endpoint=1");
    expect(address("/calls", new URLSearchParams())).toBe("/calls");
  });
  it("goes back to page one when something changes", () => {
    expect(patched(current, { text: undefined }).toString()).toBe("site=a&lang=zh&open=7");
    expect(patched(current, { page: 4 }).get("page")).toBe("4");
  });
  it("gives time ranges", () => {
    const now = Date.parse("2026-11-21T10:00:30Z");
    expect(timeRange(new URLSearchParams("range=1h"), now)).toEqual({ from: "2026-11-21T09:00:00.000Z" });
    expect(timeRange(new URLSearchParams("range=1h&until=x"), now)).toEqual({ until: "x" });
    expect(timeRange(new URLSearchParams("range=constructor"), now)).toEqual({});
  });
  it("lets only known values pass", () => {
    expect([oneOf(["a", "b"], "b"), oneOf(["a", "b"], "c")]).toEqual(["b", undefined]);
    expect([whole("3", 1, 5), whole("9", 1, 5), whole("", 0, 5), whole("1.5", 0, 5)]).toEqual([3, undefined, undefined, undefined]);
    expect(present({ a: "", b: undefined, c: 0, d: false })).toEqual({ c: 0, d: false });
  });
});

describe("rule titles", () => {
  it("lose what belongs to one finding", () => {
    const titles = ["Personal data in clear: {types}", "个人信息明文传输：{types}", "Answers carry {people} people", "Weak token"];
    expect(titles.map(general)).toEqual(["Personal data in clear", "个人信息明文传输", "Answers carry … people", "Weak token"]);
  });
});

describe("CSV", () => {
  it("quotes, and is never a formula", () => {
    expect(['a"b', "a,b", "=1+1", "-2", null, 5].map(cell)).toEqual(['"a""b"', '"a,b"', "'=1+1", "'-2", "", "5"]);
    expect(toCsv([{ title: "n", text: (row: number) => row }, { title: "hidden" }], [1, 2])).toBe("n\r\n1\r\n2\r\n");
  });
});

describe("JSON", () => {
  it("is indented and keeps pointers", () => {
    const pieces = pretty({ "a/b": [1, "x"], c: {} }, 1_000);
    expect(pieces.map((piece) => piece.text).join("")).toBe('{\n  "a/b": [\n    1,\n    "x"\n  ],\n  "c": {}\n}');
    expect(pieces.flatMap((piece) => piece.pointer ?? [])).toEqual(["/a~1b/0", "/a~1b/1", "/c"]);
    expect(child("", "~")).toBe("/~0");
    expect(pretty([1, 2, 3, 4, 5], 3).length).toBeLessThan(6);
  });

  it("schemas become trees whose pointers are those of the data", () => {
    const person = { type: "object", properties: { mail: { type: "string", format: "email" } }, required: ["mail"] };
    const tree = schemaTree({ type: "object", properties: { rows: { type: "array", items: person }, n: { type: ["integer", "null"] } } });
    expect(tree.children.map((node) => [node.name, node.type, node.required])).toEqual([
      ["rows", "array of object", false],
      ["n", "integer | null", false],
    ]);
    expect(tree.children[0]?.children[0]).toMatchObject({ pointer: "/rows/*/mail", format: "email", required: true });
    expect(schemaTree("nonsense").type).toBe("any");
    const loop: Record<string, unknown> = { type: "object" };
    loop["properties"] = { loop };
    expect(() => schemaTree(loop)).not.toThrow();
  });
});
