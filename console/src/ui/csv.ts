// Export of the rows on screen as CSV (RFC 4180), readable by spreadsheets in both languages.

interface CsvColumn<Row> {
  title: string;
  text?: (row: Row) => string | number | null;
}

/** One cell: quoted where needed, and never taken for a formula by a spreadsheet. */
export function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv<Row>(columns: CsvColumn<Row>[], rows: Row[]): string {
  const exported = columns.flatMap(({ title, text }) => (text ? [{ title, text }] : []));
  const lines = [exported.map((column) => cell(column.title))];
  for (const row of rows) lines.push(exported.map((column) => cell(column.text(row))));
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}

export function downloadCsv<Row>(name: string, columns: CsvColumn<Row>[], rows: Row[]): void {
  download(`${name}.csv`, "text/csv;charset=utf-8", "\ufeff" + toCsv(columns, rows));
}

export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
