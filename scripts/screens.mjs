// Draws what a key holder sees: runs `keymoot inspect` on the examples and writes its lines as pictures. Needs a build.
// `--check` compares with the committed pictures instead, so that they cannot show what the program no longer says.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const SCREENS = [
  { name: 'transfer', title: 'A transfer of 125,000.5 USDC' },
  { name: 'approval', title: 'An approval without a limit' },
  { name: 'multisend', title: 'A batch of payments, with an approval among them' },
  { name: 'bybit', title: 'The transaction that the owners of the Bybit Safe signed, thinking it was a transfer' },
];

const COLUMNS = 116;
const CELL = 7.25;
const LINE = 17;
const MARGIN = 16;
const BAR = 30;

/** As a terminal of that width does. */
function rows(lines) {
  return lines.flatMap((line) => {
    const parts = [];
    for (let i = 0; i === 0 || i < line.length; i += COLUMNS) parts.push(line.slice(i, i + COLUMNS));
    return parts;
  });
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Loud lines and headings also differ by their characters: the colour only helps the eye. */
function style(line) {
  if (/^\s*!!/.test(line)) return ' class="loud"';
  if (/^\s*! {2}HIGH/.test(line)) return ' class="high"';
  return /^[A-Z]{2}/.test(line) ? ' class="head"' : '';
}

function drawing({ title }, command, lines) {
  const shown = rows(lines);
  const width = Math.ceil(COLUMNS * CELL + 2 * MARGIN);
  const height = BAR + shown.length * LINE + 2 * MARGIN;
  const texts = shown.map((line, i) => {
    const text = line.trimStart();
    if (text === '') return '';
    const x = (MARGIN + (line.length - text.length) * CELL).toFixed(2);
    const y = BAR + MARGIN + (i + 1) * LINE - 5;
    const length = (text.length * CELL).toFixed(2);
    return `<text x="${x}" y="${y}" textLength="${length}"${style(line)}>${escaped(text)}</text>\n`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" xml:space="preserve" role="img" aria-labelledby="title text">
<title id="title">${escaped(title)}: what ${escaped(command)} prints</title>
<desc id="text">${escaped(lines.join('\n'))}</desc>
<style>text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328;white-space:pre}.loud{fill:#a40e26;font-weight:700}.high{fill:#7a4b00;font-weight:700}.head{font-weight:700}.bar{fill:#59636e}</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6" fill="#ffffff" stroke="#d1d9e0"/>
<path d="M0.5 ${BAR}H${width - 0.5}" stroke="#d1d9e0"/>
<text x="${MARGIN}" y="20" class="bar">$ ${escaped(command)}</text>
${texts.join('')}</svg>
`;
}

for (const screen of SCREENS) {
  const file = `docs/examples/payloads/${screen.name}.json`;
  const program = fileURLToPath(new URL('dist/cli.js', root));
  const run = spawnSync(process.execPath, [program, 'inspect', file], { cwd: fileURLToPath(root), encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`inspect ${file} ended with ${run.status}: ${run.stderr}`);
  const text = drawing(screen, `keymoot inspect ${file}`, run.stdout.trimEnd().split('\n'));
  const picture = new URL(`docs/pictures/screen-${screen.name}.svg`, root);
  if (!process.argv.includes('--check')) writeFileSync(picture, text);
  else if (readFileSync(picture, 'utf8') !== text) {
    throw new Error(
      `docs/pictures/screen-${screen.name}.svg is not what the program says: run node scripts/screens.mjs`,
    );
  }
}
console.log(`${SCREENS.length} screens`);
