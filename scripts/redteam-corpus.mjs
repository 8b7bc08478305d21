// Writes protocol/redteam/data/incidents.json: what the red team replays of test/vectors/incidents, one incident a line.
// `--check` compares instead of writing.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const SOURCE = new URL('../test/vectors/incidents/', import.meta.url);
const OUTPUT = new URL('../protocol/redteam/data/incidents.json', import.meta.url);

const lines = readdirSync(SOURCE)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => {
    const { name, source, exact, observed = [], payload } = JSON.parse(readFileSync(new URL(file, SOURCE), 'utf8'));
    // The payload stays text: some of these are refused by the very first reader, and must be.
    return JSON.stringify({
      id: file.slice(0, -'.json'.length),
      name,
      source,
      exact,
      observed,
      payload: JSON.stringify(payload),
    });
  });
const text = `[\n${lines.join(',\n')}\n]\n`;

if (process.argv.includes('--check')) {
  if (readFileSync(OUTPUT, 'utf8') !== text) {
    console.error('protocol/redteam/data/incidents.json is not what scripts/redteam-corpus.mjs writes; run it');
    process.exit(1);
  }
} else {
  writeFileSync(OUTPUT, text);
}
