// The picture of bench:growth: a panel for each sweep, both axes logarithmic, and one for memory, whose axis begins at zero;
// an SVG that follows the reader's light or dark colours and says in words what it shows.

const PANEL = { width: 360, height: 210, left: 48, right: 84, top: 46, bottom: 32 };
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
  const views = measured.flatMap(viewsOf);
  const width = columns * PANEL.width + (columns + 1) * GAP;
  const height = Math.ceil(views.length / columns) * (PANEL.height + GAP) + GAP + FOOT;
  const panels = views.map((one, i) => {
    const x = GAP + (i % columns) * (PANEL.width + GAP);
    const y = GAP + Math.floor(i / columns) * (PANEL.height + GAP);
    return `  <g transform="translate(${x} ${y})">\n${panel(one)}\n  </g>`;
  });
  // Behind the last panel there is room to say what was held still.
  const [x, y] = [GAP + PANEL.width + GAP, height - FOOT - PANEL.height - GAP];
  const settings =
    views.length % columns ? `  <g transform="translate(${x} ${y})">\n${legend(measured)}\n  </g>\n` : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">How the cost of tasks grows</title>
  <desc id="desc">${escaped(views.map(inWords).join(" "))}</desc>
  <style>${STYLE}</style>
  <rect class="paper" width="${width}" height="${height}"/>
${panels.join("\n")}
${settings}  <text x="${GAP}" y="${height - 14}">${escaped(source)}</text>
</svg>
`;
}

/** The contents of a sweep's panels: titles, values of a point, and the axis of these. */
function viewsOf({ sweep, series }) {
  const cost = { sweep, series, title: sweep.title, unit: sweep.unit, value: sweep.cost, axis: logarithmic };
  if (!sweep.memory) return [cost];
  const title = `${sweep.title}: memory`;
  return [
    cost,
    { sweep, series, title, unit: "MiB at most, the process", value: ({ memory }) => memory, axis: fromZero },
  ];
}

function panel({ sweep, series, title, unit, value, axis }) {
  const { width, height, left, right, top, bottom } = PANEL;
  const across = logarithmic(sweep.values, left, width - right).place;
  const up = axis(
    series.flatMap(({ points }) => points.map(value)),
    height - bottom,
    top,
  );
  const lines = [
    `<text class="title" x="0" y="12">${escaped(title)}</text>`,
    `<text x="0" y="30">${escaped(unit)}</text>`,
  ];
  for (const tick of up.ticks) {
    const y = round(up.place(tick));
    lines.push(`<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>`);
    lines.push(`<text x="${left - 8}" y="${y + 4}" text-anchor="end">${tick}</text>`);
  }
  for (const value of sweep.values) {
    const x = round(across(value));
    lines.push(`<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${height - bottom}"/>`);
  }
  for (const value of withEnds(sweep.values, across)) {
    lines.push(
      `<text x="${round(across(value))}" y="${height - bottom + 16}" text-anchor="middle">${sweep.label(value)}</text>`,
    );
  }
  const labels = apart(series.map(({ points }) => up.place(value(points.at(-1)))));
  series.forEach(({ threads, points }, i) => {
    const at = points.map((point) => [round(across(point.x)), round(up.place(value(point)))]);
    lines.push(`<polyline class="line${i}" points="${at.map((p) => p.join(",")).join(" ")}"/>`);
    lines.push(`<g class="mark${i}">${at.map(([x, y]) => LOOKS[i].marker(x, y)).join("")}</g>`);
    const name = threads === 1 ? "1 thread" : `${threads} threads`;
    lines.push(`<text class="mark${i}" x="${width - right + 10}" y="${round(labels[i] + 4)}">${name}</text>`);
  });
  return lines.map((line) => `    ${line}`).join("\n");
}

function inWords({ sweep, series, title, unit, value }) {
  const each = series.map(({ threads, points }) => {
    const [first, last] = [points[0], points.at(-1)].map((point) => value(point).toPrecision(3));
    return `on ${threads} thread${threads === 1 ? "" : "s"} from ${first} to ${last}`;
  });
  const range = `${sweep.label(sweep.values[0])} to ${sweep.label(sweep.values.at(-1))}`;
  return `${title}, ${range}: ${unit}, ${each.join(", ")}.`;
}

/** The settings that each sweep held still, in lines. */
function legend(measured) {
  const lines = measured.flatMap(({ sweep }) => wrapped(`${sweep.title}: ${sweep.setting}.`, 58));
  return lines.map((line, i) => `    <text x="0" y="${46 + 16 * i}">${escaped(line)}</text>`).join("\n");
}

/** A text in lines of at most `most` letters. */
function wrapped(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = `${lines.at(-1)} ${word}`.trim();
    if (line.length <= most) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
}

/** A logarithmic axis of the values between two places, a decade at least: noise must not look like growth. */
function logarithmic(values, from, to) {
  const high = Math.max(...values);
  const low = Math.min(...values, high / 10);
  const place = (value) => from + ((to - from) * Math.log(value / low)) / Math.log(high / low);
  return { place, ticks: ticks(low, high, place) };
}

/** A linear axis from zero to beyond the greatest value. */
function fromZero(values, from, to) {
  const step = 50;
  const count = Math.ceil(Math.max(...values) / step);
  const place = (value) => from + ((to - from) * value) / (count * step);
  return { place, ticks: Array.from({ length: count + 1 }, (_, i) => i * step) };
}

/** Powers of ten, with 2 and 5 times them where those are few. */
function ticks(low, high, place) {
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
  return few.length >= 3 ? few : spread(within([1, 2, 5]), place, 16);
}

/** Those values whose places are `least` apart, from the first on. */
function spread(values, place, least) {
  const kept = [];
  for (const value of values) {
    if (kept.length === 0 || Math.abs(place(value) - place(kept.at(-1))) >= least) kept.push(value);
  }
  return kept;
}

/** The first and the last value, and those between that leave room for their labels. */
function withEnds(values, place, least = 34) {
  const last = values.at(-1);
  const others = spread(values.slice(0, -1), place, least);
  return [...others.filter((value) => Math.abs(place(last) - place(value)) >= least), last];
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
