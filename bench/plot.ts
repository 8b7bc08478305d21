/**
 * The cost by number of pairs, as a picture: the figures of scale.bench.ts in two panels, one for what is done once in an
 * epoch, one for what each signature costs. Plain SVG, readable on light and dark pages.
 */
import type { Measurement } from './report.ts';

const PANEL = { width: 430, height: 300 } as const;
const MARGIN = { left: 62, right: 18, top: 58, bottom: 56 } as const;
const GAP = 26;
const TICKS = 5;

interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

interface Panel {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly points: readonly Point[];
}

export function plot(results: readonly Measurement[], environment: string): string {
  const figures = panels(results);
  const width = figures.length * PANEL.width + (figures.length - 1) * GAP;
  const height = PANEL.height + 26;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    '<title id="title">Cost of a key and of a signature by number of pairs</title>',
    STYLE,
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    ...figures.map((figure, i) => `<g transform="translate(${i * (PANEL.width + GAP)} 0)">${draw(figure)}</g>`),
    `<text class="note" x="${width - 12}" y="${height - 10}" text-anchor="end">all parties on one core; ${escaped(environment)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function panels(results: readonly Measurement[]): readonly Panel[] {
  const of = (name: string): readonly Measurement[] => results.filter((result) => result.name === name);
  const keys = of('scale/dkg').map(({ params, value }): Point => {
    const pairs = of('scale/pairs').find((other) => other.params['n'] === params['n'])?.value ?? 0;
    return { x: Number(params['pairs']), y: (value + pairs) / 1000, label: sizeOf(params) };
  });
  const signatures = of('scale/sign').map(({ params, value }): Point => {
    return { x: Number(params['pairs']), y: value, label: sizeOf(params) };
  });
  return [
    {
      title: 'Once an epoch: DKG and every pair setup',
      xTitle: 'pairs of parties, n (n − 1) / 2',
      yTitle: 'seconds',
      points: keys,
    },
    {
      title: 'Each signature',
      xTitle: 'pairs of signers, t (t − 1) / 2',
      yTitle: 'milliseconds',
      points: signatures,
    },
  ];
}

function draw({ points, title, xTitle, yTitle }: Panel): string {
  const [xs, ys] = [steps(points.map(({ x }) => x)), steps(points.map(({ y }) => y))];
  const [xMost, yMost] = [xs.at(-1) ?? 1, ys.at(-1) ?? 1];
  const [right, bottom] = [PANEL.width - MARGIN.right, PANEL.height - MARGIN.bottom];
  const atX = (x: number): number => round(MARGIN.left + (x / xMost) * (right - MARGIN.left));
  const atY = (y: number): number => round(bottom - (y / yMost) * (bottom - MARGIN.top));
  const line = points.map(({ x, y }) => `${atX(x)},${atY(y)}`).join(' ');
  return [
    `<text class="title" x="${MARGIN.left}" y="26">${escaped(title)}</text>`,
    `<text class="axis" x="${MARGIN.left}" y="44">${yTitle}</text>`,
    ...ys.map((y) => `<path class="grid" d="M${MARGIN.left} ${atY(y)}H${right}"/>`),
    ...ys.map((y) => `<text class="tick" x="${MARGIN.left - 8}" y="${atY(y) + 4}" text-anchor="end">${y}</text>`),
    ...xs.map((x) => `<text class="tick" x="${atX(x)}" y="${bottom + 18}" text-anchor="middle">${x}</text>`),
    `<text class="axis" x="${(MARGIN.left + right) / 2}" y="${bottom + 38}" text-anchor="middle">${xTitle}</text>`,
    `<path class="frame" d="M${MARGIN.left} ${bottom}H${right}"/>`,
    `<polyline class="line" points="${line}"/>`,
    ...points.map(({ x, y }) => `<circle class="dot" cx="${atX(x)}" cy="${atY(y)}" r="3.5"/>`),
    ...labels(points, atX, atY),
  ].join('\n');
}

/** Names the points from the right, as long as there is room: the small sizes lie close together. */
function labels(points: readonly Point[], atX: (x: number) => number, atY: (y: number) => number): readonly string[] {
  const texts: string[] = [];
  let last = Number.POSITIVE_INFINITY;
  for (const { label, x, y } of points.toReversed()) {
    if (last - atX(x) < ROOM || atX(x) - LABEL < MARGIN.left) continue;
    last = atX(x);
    const isLast = texts.length === 0;
    texts.push(
      `<text class="label" x="${atX(x) + (isLast ? -9 : -7)}" y="${atY(y) - 8}" text-anchor="end">${label}</text>`,
    );
  }
  return texts;
}

/** Between two named points, in units of the picture. */
const ROOM = 26;
/** Of a label and its distance from the point; one that would cross the axis is left out. */
const LABEL = 44;

/** Round numbers from 0 to beyond the largest value. */
function steps(values: readonly number[]): readonly number[] {
  const most = Math.max(...values, 1e-9);
  const rough = most / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

function sizeOf(params: Measurement['params']): string {
  return `${params['t']} of ${params['n']}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

const STYLE = `<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
.title { font-size: 14px; font-weight: 600; }
.axis, .tick, .note { fill: #59636e; }
.note { font-size: 10px; }
.label { font-size: 11px; }
.page { fill: #ffffff; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.frame { stroke: #59636e; stroke-width: 1; }
.line { fill: none; stroke: #0969da; stroke-width: 2; stroke-linejoin: round; }
.dot { fill: #ffffff; stroke: #0969da; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .axis, .tick, .note { fill: #9198a1; }
  .page, .dot { fill: #0d1117; }
  .grid { stroke: #2b3139; }
  .line, .dot { stroke: #4493f8; }
}
</style>`;
