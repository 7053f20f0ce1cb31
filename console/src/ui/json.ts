// Reading unknown JSON without trusting its shape, and RFC 6901 pointers into it.

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The pointer of a child; `~` and `/` escaped (RFC 6901 §3). */
export function child(pointer: string, name: string | number): string {
  return `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The value a text holds, or `undefined` when it is no JSON. */
export function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

export interface Piece {
  text: string;
  kind: "plain" | "key" | "lit";
  /** Pointer of the scalar, for marks. */
  pointer?: string;
}

/** A value as indented pieces, in the order of the text; what comes after `limit` pieces is left out. */
export function pretty(value: unknown, limit: number): Piece[] {
  const out: Piece[] = [];
  const write = (item: unknown, pointer: string, indent: string): void => {
    if (out.length >= limit) return;
    const deeper = `${indent}  `;
    if (Array.isArray(item) && item.length > 0) {
      item.forEach((one: unknown, at) => {
        if (out.length >= limit) return;
        out.push({ text: `${at === 0 ? "[" : ","}\n${deeper}`, kind: "plain" });
        write(one, child(pointer, at), deeper);
      });
      out.push({ text: `\n${indent}]`, kind: "plain" });
    } else if (isObject(item) && Object.keys(item).length > 0) {
      Object.entries(item).forEach(([name, one], at) => {
        if (out.length >= limit) return;
        out.push({ text: `${at === 0 ? "{" : ","}\n${deeper}`, kind: "plain" });
        out.push({ text: JSON.stringify(name), kind: "key" });
        out.push({ text: ": ", kind: "plain" });
        write(one, child(pointer, name), deeper);
      });
      out.push({ text: `\n${indent}}`, kind: "plain" });
    } else {
      out.push({ text: JSON.stringify(item), kind: typeof item === "string" ? "plain" : "lit", pointer });
    }
  };
  write(value, "", "");
  return out;
}

export interface SchemaNode {
  name: string;
  /** Pointer of the place in a body, array positions written `*`. */
  pointer: string;
  /** Type names, `string`, `array of object`. */
  type: string;
  format: string;
  required: boolean;
  notes: string[];
  children: SchemaNode[];
}

function typeNames(schema: Record<string, unknown>): string[] {
  const type = schema["type"];
  if (typeof type === "string") return [type];
  if (Array.isArray(type)) return type.map(String);
  for (const combined of ["anyOf", "oneOf"]) {
    const branches = schema[combined];
    if (Array.isArray(branches)) return [...new Set(branches.filter(isObject).flatMap(typeNames))];
  }
  if (isObject(schema["properties"])) return ["object"];
  return "items" in schema ? ["array"] : [];
}

const NOTED = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "const", "default"];

function notesOf(schema: Record<string, unknown>): string[] {
  const notes = NOTED.flatMap((name) => (name in schema ? [`${name} ${String(schema[name])}`] : []));
  const values = schema["enum"];
  if (Array.isArray(values)) notes.unshift(values.map((value) => JSON.stringify(value)).join(" | "));
  const examples = schema["examples"];
  if (Array.isArray(examples)) notes.push(...examples.slice(0, 3).map((value) => JSON.stringify(value)));
  return notes;
}

/** JSON Schema (2020-12) as a tree of places; depth is limited because schemas come from traffic. */
export function schemaTree(schema: unknown, name = "", pointer = "", required = true, depth = 0): SchemaNode {
  const node: SchemaNode = { name, pointer, type: "any", format: "", required, notes: [], children: [] };
  if (!isObject(schema) || depth > 32) return node;
  const types = typeNames(schema);
  node.type = types.join(" | ") || "any";
  node.format = typeof schema["format"] === "string" ? schema["format"] : "";
  node.notes = notesOf(schema);
  const branches = [schema, ...["anyOf", "oneOf"].flatMap((key) => schema[key] ?? [])].filter(isObject);
  for (const branch of branches) {
    const properties = branch["properties"];
    const needed = Array.isArray(branch["required"]) ? branch["required"] : [];
    if (isObject(properties)) {
      for (const [key, value] of Object.entries(properties)) {
        node.children.push(schemaTree(value, key, child(pointer, key), needed.includes(key), depth + 1));
      }
    }
    if (isObject(branch["additionalProperties"])) {
      const inner = schemaTree(branch["additionalProperties"], "{*}", `${pointer}/*`, false, depth + 1);
      node.children.push(inner);
    }
    const items = branch["items"];
    if (isObject(items)) {
      const inner = schemaTree(items, "[ ]", `${pointer}/*`, false, depth + 1);
      node.type = node.type.replace("array", `array of ${inner.type}`);
      // An array's own node stands for its elements: their fields hang directly under it.
      if (inner.children.length > 0) node.children.push(...inner.children);
      else node.notes.push(...inner.notes);
      if (inner.format !== "") node.format = inner.format;
    }
  }
  return node;
}
