// A learned JSON Schema as a tree that can be read: name, type, what values look like, and the data types found there.
import { CaretDownOutlined, CaretRightOutlined } from "@ant-design/icons";
import { useState } from "react";
import type { DataUse } from "@/api/types";
import { useT } from "@/i18n";
import { schemaTree, type SchemaNode } from "./json";
import { TypeTag } from "./marks";

interface Shown {
  node: SchemaNode;
  depth: number;
}

/** The nodes that are not hidden under a closed one, with their depth. */
function visible(node: SchemaNode, closed: ReadonlySet<string>, depth = 0): Shown[] {
  const inner = closed.has(node.pointer)
    ? []
    : node.children.flatMap((one) => visible(one, closed, depth + 1));
  return [{ node, depth }, ...inner];
}

export function SchemaTree({ schema, data }: { schema: unknown; data: DataUse[] }) {
  const t = useT();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const root = schemaTree(schema, t("endpoints.schemaRoot"));
  const toggle = (pointer: string) => {
    const next = new Set(closed);
    if (!next.delete(pointer)) next.add(pointer);
    setClosed(next);
  };
  return (
    <div className="tree" role="tree">
      {visible(root, closed).map(({ node, depth }, at) => (
        <div className="node" role="treeitem" aria-level={depth + 1} key={`${node.pointer} ${at}`}>
          <span className="name" style={{ paddingLeft: depth * 18 }}>
            {node.children.length > 0 ? (
              <button
                type="button"
                aria-label={closed.has(node.pointer) ? t("common.unfold") : t("common.fold")}
                onClick={() => toggle(node.pointer)}
              >
                {closed.has(node.pointer) ? <CaretRightOutlined /> : <CaretDownOutlined />}
              </button>
            ) : (
              <span style={{ width: 18, flex: "none" }} />
            )}
            <span className="mono cut" title={node.pointer || node.name}>
              {node.name}
            </span>
            {!node.required && <span className="faint small nowrap">{t("endpoints.optional")}</span>}
          </span>
          <span className="mono muted cut" title={`${node.type} ${node.format}`}>
            {node.type}
            {node.format !== "" && ` · ${node.format}`}
          </span>
          <span className="row">
            {data
              .filter((use) => use.path === node.pointer)
              .map((use) => (
                <TypeTag key={use.type} type={use.type} level={use.level} masked={use.masked} />
              ))}
            <span className="cut mono faint" title={node.notes.join(" · ")}>
              {node.notes.join(" · ")}
            </span>
          </span>
        </div>
      ))}
    </div>
  );
}
