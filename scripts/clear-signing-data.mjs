// Writes protocol/payload/clear-signing/data/registry.json: the pinned part of the public ERC-7730 registry (CC0-1.0).
// The descriptors come from the development dependency micro-eth-signer, which bundles the registry at one commit; they
// are copied as they are, but for `$schema`, which only editors use. `--check` compares instead of writing.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ERCS } from 'micro-eth-signer/clearsig/repo.js';
import { CLEARSIG_REPO_FULL } from 'micro-eth-signer/clearsig/repo-full.js';

const OUTPUT = new URL('../protocol/payload/clear-signing/data/registry.json', import.meta.url);

/** Whom a treasury meets; the rest of the registry is left out. */
const ENTITIES = new Set([
  '1inch',
  'aave',
  'circle',
  'consensus-specs',
  'ethena',
  'figment',
  'kiln',
  'kyberswap',
  'lido',
  'lifi',
  'lombard',
  'morpho',
  'ondo-finance',
  'p2p',
  'permit',
  'safe',
  'swell',
  'tally',
  'tether',
  'uniswap',
  'weth',
]);

const source = readFileSync(createRequire(import.meta.url).resolve('micro-eth-signer/clearsig/repo-full.js'), 'utf8');
const commit = /Source commit: ([0-9a-f]{40})/.exec(source)?.[1];
if (commit === undefined) throw new Error('the package no longer names the commit of the registry');
const wrapper = JSON.parse(
  readFileSync(new URL('../node_modules/micro-eth-signer/package.json', import.meta.url), 'utf8'),
).version;

const chosen = Object.entries({ ...ERCS, ...CLEARSIG_REPO_FULL })
  .filter(([id]) => id.startsWith('ercs/') || ENTITIES.has(id.split('/')[1]))
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([id, descriptor]) => [id, withoutSchema(descriptor)]);

function withoutSchema(descriptor) {
  return Object.fromEntries(Object.entries(descriptor).filter(([key]) => key !== '$schema'));
}

// One descriptor a line, so that a change of the registry can be read as a difference.
const body = chosen.map(([id, descriptor]) => `${JSON.stringify(id)}:${JSON.stringify(descriptor)}`).join(',\n');
const sha256 = createHash('sha256')
  .update(JSON.stringify(Object.fromEntries(chosen)))
  .digest('hex');
const about = {
  registry: 'ethereum/clear-signing-erc7730-registry',
  licence: 'CC0-1.0',
  commit,
  takenFrom: `micro-eth-signer ${wrapper}`,
  sha256,
};
const text = `{"about":${JSON.stringify(about)},\n"descriptors":{\n${body}\n}}\n`;

if (process.argv.includes('--check')) {
  if (readFileSync(OUTPUT, 'utf8') !== text)
    throw new Error('registry.json is not what the package says: run the script');
} else {
  writeFileSync(OUTPUT, text);
}
console.log(`${chosen.length} descriptors, ${text.length} bytes, sha256 ${sha256}, registry commit ${commit}`);
