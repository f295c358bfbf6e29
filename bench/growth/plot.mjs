// The picture of bench:growth: one panel a sweep, both axes logarithmic, as an SVG that follows the reader's light or dark
// colours and says in words what it shows.

const PANEL = { width: 330, height: 210, left: 62, right: 96, top: 52, bottom: 34 };
const GAP = 24;
const FOOT = 30;

/** One look for each series: colour, and a marker and a dash that tell it without colour. */
const LOOKS = [
  { light: "#0057b8", dark: "#6cb6ff", dash: "none", marker: (x, y) => `<circle cx="${x}" cy="${y}" r="3.5"/>` },
  {
    light: "#b34700",
    dark: "#ffb070",
    dash: "6 3",
    marker: (x, y) => `<rect x="${x - 3.5}" y="${y - 3.5}" width="7" height="7"/>`,
  },
];

const STYLE = `
    svg { --paper: #ffffff; --ink: #1f2328; --quiet: #59636e; --grid: #d8dee4; ${colours("light")} }
    @media (prefers-color-scheme: dark) {
      svg { --paper: #0d1117; --ink: #f0f6fc; --quiet: #9198a1; --grid: #30363d; ${colours("dark")} }
    }
    text { font: 11px system-ui, sans-serif; fill: var(--quiet); }
    .title { font-weight: 600; font-size: 14px; fill: var(--ink); }
    .grid { stroke: var(--grid); }
    .paper { fill: var(--paper); }
${LOOKS.map(
  ({ dash }, i) =>
    `    .line${i} { fill: none; stroke: var(--series${i}); stroke-width: 2; stroke-dasharray: ${dash}; }\n` +
    `    .mark${i} { fill: var(--series${i}); font-weight: 600; }`,
).join("\n")}
  `;

function colours(theme) {
  return LOOKS.map((look, i) => `--series${i}: ${look[theme]};`).join(" ");
}

/**
 * @param measured for each sweep its series: for each number of threads the points, with `x`, `milliseconds`, `memory`
 * @param source what was measured where and when, for the foot
 * @returns the text of an SVG
 */
export function growthPlot(measured, source) {
  const columns = 2;
  const width = columns * PANEL.width + (columns + 1) * GAP;
  const height = Math.ceil(measured.length / columns) * (PANEL.height + GAP) + GAP + FOOT;
  const panels = measured.map((one, i) => {
    const x = GAP + (i % columns) * (PANEL.width + GAP);
    const y = GAP + Math.floor(i / columns) * (PANEL.height + GAP);
    return `  <g transform="translate(${x} ${y})">\n${panel(one)}\n  </g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">How the cost of tasks grows</title>
  <desc id="desc">${escaped(measured.map(inWords).join(" "))}</desc>
  <style>${STYLE}</style>
  <rect class="paper" width="${width}" height="${height}"/>
${panels.join("\n")}
  <text x="${GAP}" y="${height - 14}">${escaped(source)}</text>
</svg>
`;
}

function panel({ sweep, series }) {
  const { width, height, left, right, top, bottom } = PANEL;
  const values = series.flatMap(({ points }) => points.map(sweep.cost));
  const across = scale(sweep.values, left, width - right);
  // A decade at least, so that noise does not look like growth.
  const up = scale([...values, Math.max(...values) / 10], height - bottom, top);
  const lines = [
    `<text class="title" x="0" y="12">${escaped(sweep.title)}</text>`,
    `<text x="0" y="30">${escaped(note(sweep, series))}</text>`,
  ];
  for (const tick of ticks(values, up)) {
    const y = round(up(tick));
    lines.push(`<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>`);
    lines.push(`<text x="${left - 8}" y="${y + 4}" text-anchor="end">${tick}</text>`);
  }
  for (const value of sweep.values) {
    const x = round(across(value));
    lines.push(`<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${height - bottom}"/>`);
  }
  for (const value of spread(sweep.values, across)) {
    lines.push(
      `<text x="${round(across(value))}" y="${height - bottom + 16}" text-anchor="middle">${sweep.label(value)}</text>`,
    );
  }
  const labels = apart(series.map(({ points }) => up(sweep.cost(points.at(-1)))));
  series.forEach(({ threads, points }, i) => {
    const at = points.map((point) => [round(across(point.x)), round(up(sweep.cost(point)))]);
    lines.push(`<polyline class="line${i}" points="${at.map((p) => p.join(",")).join(" ")}"/>`);
    lines.push(`<g class="mark${i}">${at.map(([x, y]) => LOOKS[i].marker(x, y)).join("")}</g>`);
    const name = threads === 1 ? "1 thread" : `${threads} threads`;
    lines.push(`<text class="mark${i}" x="${width - right + 10}" y="${round(labels[i] + 4)}">${name}</text>`);
  });
  return lines.map((line) => `    ${line}`).join("\n");
}

/** What the panel shows; where tasks grow also the memory, which does not. */
function note(sweep, series) {
  if (sweep.name !== "tasks") return sweep.unit;
  const memory = series.flatMap(({ points }) => points.map((point) => point.memory));
  return `${sweep.unit}; peak memory ${Math.min(...memory).toFixed(0)} to ${Math.max(...memory).toFixed(0)} MiB`;
}

function inWords({ sweep, series }) {
  const each = series.map(({ threads, points }) => {
    const [first, last] = [points[0], points.at(-1)].map((point) => sweep.cost(point).toPrecision(3));
    return `on ${threads} thread${threads === 1 ? "" : "s"} from ${first} to ${last}`;
  });
  const range = `${sweep.label(sweep.values[0])} to ${sweep.label(sweep.values.at(-1))}`;
  return `${sweep.title}, ${range}: ${note(sweep, series)}, ${each.join(", ")}.`;
}

/** A logarithmic scale from the least and the greatest of the values to two places. */
function scale(values, from, to) {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  return (value) => from + ((to - from) * (Math.log(value) - low)) / (high - low);
}

/** Powers of ten, with 2 and 5 times them where those are few, that lie on the scale. */
function ticks(values, up) {
  const [low, high] = [Math.min(...values, Math.max(...values) / 10), Math.max(...values)];
  const within = (factors) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      for (const factor of factors) {
        // Written and read back: 3 * 0.1 is not 0.3.
        const tick = Number(`${factor}e${power}`);
        if (tick >= low && tick <= high) found.push(tick);
      }
    }
    return found;
  };
  const few = within([1]);
  return few.length >= 3 ? few : spread(within([1, 2, 5]), up, 16);
}

/** Those values whose places are `least` apart, from the first on. */
function spread(values, place, least = 34) {
  const kept = [];
  for (const value of values) {
    if (kept.length === 0 || Math.abs(place(value) - place(kept.at(-1))) >= least) kept.push(value);
  }
  return kept;
}

/** The heights of labels, moved apart where they would lie on each other. */
function apart(heights) {
  const least = 14;
  if (heights.length < 2 || Math.abs(heights[0] - heights[1]) >= least) return heights;
  const middle = (heights[0] + heights[1]) / 2;
  const sign = heights[0] < heights[1] ? -1 : 1;
  return [middle + (sign * least) / 2, middle - (sign * least) / 2];
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
