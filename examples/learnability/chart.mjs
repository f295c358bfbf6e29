const WIDTH = 860;
const HEIGHT = 430;
const PANEL = { width: 364, height: 262, top: 80, lefts: [60, 480] };
const FONT = "font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif";

/** Told apart by dashes as well as by colour: where two curves lie on each other, both are seen. */
const STYLES = [
  { light: "#0072b2", dark: "#56b4e9", dashes: "", width: 2.5 },
  { light: "#c4501b", dark: "#f0915a", dashes: "7 4", width: 2 },
  { light: "#00795a", dark: "#3fcf9f", dashes: "2 3", width: 2 },
  { light: "#7a4a8c", dark: "#d3a6e3", dashes: "10 3 2 3", width: 1.5 },
];

/**
 * Accuracy against position as SVG, a panel for each classifier, in the reader's colour scheme.
 *
 * @param {{ setting: string, classifier: string, shares: ArrayLike<number> }[]} curves at most four settings
 * @param {{ length: number, sequences: number | string, chance: number }} facts
 */
export function drawCurves(curves, { length, sequences, chance }) {
  const settings = [...new Set(curves.map(({ setting }) => setting))];
  const classifiers = [...new Set(curves.map(({ classifier }) => classifier))];
  const description = curves.map(({ setting, classifier, shares }) => {
    const [first, last] = [shares[0], shares[length - 1]].map((share) => `${Math.round(100 * share)} %`);
    return `${setting}, ${classifier}: from ${first} at position 1 to ${last} at position ${length}.`;
  });
  const highest = Math.max(...curves.flatMap(({ shares }) => Array.from(shares)));
  const axes = { length, top: Math.max(1, Math.ceil(5 * highest)) / 5, chance };
  const panels = classifiers.map((classifier, at) => {
    const mine = curves.filter((curve) => curve.classifier === classifier);
    return panel(classifier, PANEL.lefts[at], mine, settings, axes);
  });
  const keys = settings.map((setting, s) => {
    const [x, y] = [PANEL.lefts[s % 2], 398 + Math.floor(s / 2) * 20];
    return `<path class="s${s}" d="M${x} ${y - 4}h36"/><text x="${x + 44}" y="${y}">${setting}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title description">
<title id="title">Accuracy of in-context classifiers against position in the sequence</title>
<desc id="description">${description.join(" ")}</desc>
<style>
${css(settings.length)}
</style>
<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>
<text class="head" x="${PANEL.lefts[0]}" y="28">Predicting a label from the examples before it</text>
<text x="${PANEL.lefts[0]}" y="48">accuracy at each position, mean of ${sequences} sequences of MNIST</text>
${panels.join("\n")}
${keys.join("\n")}
</svg>
`;
}

function panel(classifier, left, curves, settings, { length, top: highest, chance }) {
  const { width, height, top } = PANEL;
  const x = (position) => left + ((position - 1) / (length - 1)) * width;
  const y = (share) => top + (1 - share / highest) * height;
  const at = (value) => String(Math.round(value * 10) / 10);
  const rows = Array.from({ length: Math.round(5 * highest) + 1 }, (_, fifth) => {
    const line = y(fifth / 5);
    return `<path class="grid" d="M${left} ${at(line)}h${width}"/><text class="end" x="${left - 8}" y="${at(line + 4)}">${20 * fifth} %</text>`;
  });
  const ticks = [1, 25, 50, 75, 100].filter((position) => position <= length);
  const columns = ticks.map((position) => {
    return `<path class="axis" d="M${at(x(position))} ${top + height}v5"/><text class="mid" x="${at(x(position))}" y="${top + height + 18}">${position}</text>`;
  });
  const lines = curves.map(({ setting, shares }) => {
    const points = Array.from(shares, (share, p) => `${at(x(p + 1))} ${at(y(share))}`);
    return `<path class="s${settings.indexOf(setting)}" d="M${points.join("L")}"/>`;
  });
  return `<g><text class="name" x="${left}" y="${top - 8}">${classifier}</text>
${rows.join("\n")}
<path class="axis" d="M${left} ${top}v${height}h${width}"/>
${columns.join("\n")}
<path class="chance" d="M${left} ${at(y(chance))}h${width}"/>
<text class="end" x="${left + width}" y="${at(y(chance) + 20)}">chance</text>
<text class="mid" x="${left + width / 2}" y="${top + height + 34}">position in the sequence</text>
${lines.join("\n")}</g>`;
}

function css(settings) {
  const styles = STYLES.slice(0, settings);
  const colours = (scheme) => styles.map((style, s) => `.s${s}{stroke:${style[scheme]}}`).join("");
  const strokes = styles.map(({ dashes, width }, s) => {
    return `.s${s}{fill:none;stroke-linejoin:round;stroke-width:${width};stroke-dasharray:${dashes || "none"}}`;
  });
  return `text{${FONT};font-size:13px;fill:#1f2328}.head{font-size:17px;font-weight:600}.name{font-weight:600}
.end{text-anchor:end}.mid{text-anchor:middle}.paper{fill:#fff}
.grid{stroke:#e3e6ea}.axis{fill:none;stroke:#59636e}.chance{stroke:#59636e;stroke-dasharray:4 4}
${strokes.join("")}
${colours("light")}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.grid{stroke:#262c34}.axis,.chance{stroke:#9198a1}
${colours("dark")}}`;
}
