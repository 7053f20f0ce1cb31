// The list page kind: title and count, one line of facets and search, a dense table with server-side sort, column
// choice and export. A click opens the drawer, a middle click the page. All of it lives in the URL.
import { DownloadOutlined, ProfileOutlined, SearchOutlined } from "@ant-design/icons";
import {
  Button,
  Checkbox,
  Input,
  Popover,
  Select,
  Table,
  Tooltip,
  type TableColumnType,
  type TablePaginationConfig,
} from "antd";
import { useEffect, useState, type HTMLAttributes, type Key, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { number, useLang, useT } from "@/i18n";
import { downloadCsv } from "./csv";
import { ErrorState, Waiting } from "./states";
import { useUrl } from "./url";

export interface Column<Row> {
  key: string;
  title: string;
  /** Pixels; without it the column shares what is left. */
  width?: number;
  align?: "right";
  /** Name by which the server sorts. */
  sort?: string;
  /** Not shown unless chosen. */
  optional?: boolean;
  render: (row: Row) => ReactNode;
  /** The plain value for the export. */
  text?: (row: Row) => string | number | null;
}

export interface PageOf<Row> {
  rows: Row[];
  total: number;
}

export function PageHead(props: { title: string; total?: number | undefined; children?: ReactNode }) {
  const lang = useLang();
  return (
    <header className="pagehead">
      <h1>{props.title}</h1>
      {props.total !== undefined && <span className="count">{number(props.total, lang)}</span>}
      {props.children && <div className="actions">{props.children}</div>}
    </header>
  );
}

/** A search field that writes itself to the URL when typing pauses. */
export function TextFacet({ name, placeholder }: { name: string; placeholder: string }) {
  const url = useUrl();
  const current = url.get(name);
  const [typed, setTyped] = useState({ text: current, from: current });
  // A value that came by another way, a link or the back button, replaces what was typed.
  if (typed.from !== current) setTyped({ text: current, from: current });
  useEffect(() => {
    if (typed.text === current) return;
    const timer = setTimeout(() => url.set({ [name]: typed.text }), 300);
    return () => clearTimeout(timer);
  }, [typed.text, current, name, url]);
  return (
    <Input
      allowClear
      aria-label={placeholder}
      prefix={<SearchOutlined className="faint" />}
      placeholder={placeholder}
      value={typed.text}
      onChange={(event) => setTyped({ text: event.target.value, from: current })}
      style={{ width: 220 }}
    />
  );
}

export interface Choice {
  value: string;
  label: ReactNode;
}

/** One facet: a value of a URL key, or none. */
export function Facet(props: { name: string; label: string; choices: Choice[]; search?: boolean }) {
  const url = useUrl();
  const value = url.get(props.name);
  return (
    <Select
      allowClear
      aria-label={props.label}
      showSearch={props.search ?? false}
      placeholder={props.label}
      value={value === "" ? undefined : value}
      onChange={(next: string | undefined) => url.set({ [props.name]: next })}
      options={props.choices}
      popupMatchSelectWidth={false}
      labelRender={({ label, value: raw }) => (
        <span>
          <span className="muted">{props.label} </span>
          {label ?? raw}
        </span>
      )}
      style={{ minWidth: 84 }}
    />
  );
}

/** A filter that came with a link and has no facet of its own; it can be taken away. */
export function LinkedFilter({ name, label, shown }: { name: string; label: string; shown?: string }) {
  const url = useUrl();
  const t = useT();
  const value = url.get(name);
  if (value === "") return null;
  return (
    <Tooltip title={t("common.removeFilter")}>
      <Button size="middle" onClick={() => url.set({ [name]: undefined })}>
        <span className="muted">{label}</span> <span className="mono">{shown ?? value}</span> ×
      </Button>
    </Tooltip>
  );
}

interface ListProps<Row> {
  name: string;
  columns: Column<Row>[];
  query: { data: PageOf<Row> | undefined; error: unknown; isFetching: boolean; refetch: () => unknown };
  rowKey: (row: Row) => string;
  /** Address of the row's page. */
  href?: (row: Row) => string;
  /** Opens the row in place; without it the page opens. */
  onOpen?: (row: Row) => void;
  empty: ReactNode;
  defaultSort?: { sort: string; order: "asc" | "desc" };
  selection?: { keys: string[]; onChange: (keys: string[]) => void } | undefined;
  what: string;
}

/** Least width of the column that takes what is left, pixels. */
const WIDE_COLUMN = 320;

/** Chosen columns from the URL key `cols`, or those that are not optional. */
function shownColumns<Row>(columns: Column<Row>[], chosen: string[]): Column<Row>[] {
  if (chosen.length === 0) return columns.filter((column) => column.optional !== true);
  return columns.filter((column) => chosen.includes(column.key));
}

/** Column choice and export, for the head of a list. */
export function ListTools<Row>(props: { name: string; columns: Column<Row>[]; rows: Row[] | undefined }) {
  const t = useT();
  const url = useUrl();
  const shown = shownColumns(props.columns, url.list("cols")).map((column) => column.key);
  const choose = (keys: string[]) => {
    const order = props.columns.map((column) => column.key).filter((key) => keys.includes(key));
    url.set({ cols: order.join(","), page: url.page === 1 ? undefined : url.page });
  };
  return (
    <>
      <Popover
        trigger="click"
        placement="bottomRight"
        content={
          <Checkbox.Group value={shown} onChange={choose}>
            <div className="stack">
              {props.columns.map((column) => (
                <Checkbox key={column.key} value={column.key}>
                  {column.title}
                </Checkbox>
              ))}
            </div>
          </Checkbox.Group>
        }
      >
        <Button icon={<ProfileOutlined />} title={t("common.columns")} aria-label={t("common.columns")} />
      </Popover>
      <Tooltip title={t("common.exportHint")}>
        <Button
          icon={<DownloadOutlined />}
          disabled={!props.rows || props.rows.length === 0}
          aria-label={t("common.exportHint")}
          onClick={() => downloadCsv(props.name, props.columns, props.rows ?? [])}
        />
      </Tooltip>
    </>
  );
}

/** Columns as Ant Design takes them, with the sort of the URL. */
function tableColumns<Row>(columns: Column<Row>[], sort: string, order: string): TableColumnType<Row>[] {
  return columns.map((column) => ({
    key: column.key,
    title: column.title,
    ellipsis: { showTitle: false },
    ...(column.width === undefined ? { fixed: "start" as const } : { width: column.width }),
    ...(column.align === undefined ? {} : { align: column.align, className: "num" }),
    ...(column.sort === undefined
      ? {}
      : {
          sorter: true,
          showSorterTooltip: false,
          sortOrder: column.sort === sort ? (order === "asc" ? "ascend" : "descend") : null,
        }),
    render: (_: unknown, row: Row) => column.render(row),
  }));
}

/** Pages of the list, where there are several. */
function usePages(total: number): TablePaginationConfig | false {
  const t = useT();
  const url = useUrl();
  if (total <= url.size && url.page === 1) return false;
  return {
    current: url.page,
    pageSize: url.size,
    total,
    size: "small",
    showSizeChanger: true,
    pageSizeOptions: [20, 50, 100, 200],
    style: { padding: "0 16px" },
    onChange: (page, size) => url.set({ page: size === url.size ? page : 1, size }),
    showTotal: (all, [first, last]) => t("common.rows", { first, last, total: all }),
  };
}

/** What clicks on a row do: open in place or go to its page; a middle click opens the page in a tab of its own. */
function useRowClicks<Row>({ href, onOpen }: Pick<ListProps<Row>, "href" | "onOpen">) {
  const navigate = useNavigate();
  return (row: Row): HTMLAttributes<HTMLElement> => ({
    className: onOpen || href ? "rowlink" : "",
    onClick: ({ target }) => {
      if (target instanceof Element && target.closest("a, button, input, label")) return;
      if (onOpen) onOpen(row);
      else if (href) void navigate(href(row));
    },
    onAuxClick: ({ button, target }) => {
      if (target instanceof Element && target.closest("a")) return;
      if (button === 1 && href) window.open(href(row), "_blank", "noopener");
    },
  });
}

export function List<Row extends object>(props: ListProps<Row>) {
  const { query, selection, defaultSort } = props;
  const url = useUrl();
  const pages = usePages(query.data?.total ?? 0);
  const onRow = useRowClicks<Row>(props);
  if (query.error && !query.data) {
    return (
      <div className="card">
        <ErrorState error={query.error} what={props.what} retry={() => void query.refetch()} />
      </div>
    );
  }
  if (query.data === undefined) {
    return (
      <div className="card" style={{ padding: 16 }}>
        <Waiting rows={12} />
      </div>
    );
  }
  const shown = shownColumns(props.columns, url.list("cols"));
  const sort = url.get("sort") || (defaultSort?.sort ?? "");
  const columns = tableColumns(shown, sort, url.get("order") || (defaultSort?.order ?? ""));
  const rowSelection = selection && {
    selectedRowKeys: selection.keys,
    onChange: (keys: Key[]) => selection.onChange(keys.map(String)),
    columnWidth: 40,
  };
  return (
    <div className="card flush">
      <Table<Row>
        size="small"
        tableLayout="fixed"
        rowKey={props.rowKey}
        columns={columns}
        dataSource={query.data.rows}
        sortDirections={["descend", "ascend", "descend"]}
        loading={query.isFetching && { spinning: true, delay: 400 }}
        scroll={{ x: shown.reduce((sum, column) => sum + (column.width ?? WIDE_COLUMN), 0) }}
        locale={{ emptyText: props.empty }}
        {...(rowSelection ? { rowSelection } : {})}
        onRow={onRow}
        onChange={(_, __, sorter) => {
          const one = Array.isArray(sorter) ? sorter[0] : sorter;
          const column = props.columns.find((item) => item.key === one?.columnKey);
          if (column?.sort) url.set({ sort: column.sort, order: one?.order === "ascend" ? "asc" : "desc" });
        }}
        pagination={pages}
      />
    </div>
  );
}
