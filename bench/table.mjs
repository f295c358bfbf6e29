// Markdown tables that are aligned as they stand.

/** The lines of a table of objects with the same names. Pipes and line ends in cells are escaped. */
export function rowsOf(rows) {
  const names = Object.keys(rows[0]);
  const text = (value) =>
    String(value)
      .replace(/\|/g, "\\|")
      .replace(/\s*\n\s*/g, " ");
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => text(row[name]).length)));
  const line = (cells) =>
    `| ${cells.map((cell, i) => (i ? text(cell).padStart(widths[i]) : text(cell).padEnd(widths[i]))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [line(names), line(rule), ...rows.map((row) => line(names.map((name) => row[name])))];
}
