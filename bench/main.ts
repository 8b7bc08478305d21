/** `npm run bench -- [--json FILE] [--only PREFIX] [--peer-dir DIR] [--plot FILE]`; see README.md beside this. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { installPlatformHash } from '../participant/hashing.ts';
import type { Bench } from './bench.ts';
import { loadPeers } from './peers.ts';
import { plot } from './plot.ts';
import { environment, line, type Measurement, ratios } from './report.ts';

/** Benchmarks and what their names begin with. */
interface Group {
  readonly families: readonly string[];
  readonly load: () => Promise<readonly Bench[]>;
}

/**
 * Each is loaded when its turn comes, the heavy ones last. The collector goes on sweeping, on the same core, after it has
 * returned; how long depends on all that is loaded, and the sample that follows would pay for it.
 */
const GROUPS: readonly Group[] = [
  { families: ['primitive'], load: async () => [(await import('./primitive.bench.ts')).primitiveBench] },
  { families: ['transfer', 'multiply'], load: async () => [(await import('./transfer.bench.ts')).transferBench] },
  {
    families: ['threshold'],
    load: async () => {
      const { memoryBench, pairBench, thresholdBench } = await import('./threshold.bench.ts');
      return [pairBench, thresholdBench, memoryBench];
    },
  },
  { families: ['policy'], load: async () => [(await import('./policy.bench.ts')).policyBench] },
  { families: ['payload'], load: async () => [(await import('./payload.bench.ts')).payloadBench] },
  { families: ['payload'], load: async () => [(await import('./simulation.bench.ts')).simulationBench] },
  {
    families: ['ceremony', 'transcript'],
    load: async () => [(await import('./ceremony.bench.ts')).ceremonyBench],
  },
  { families: ['ceremony'], load: async () => [(await import('./concurrent.bench.ts')).concurrentBench] },
  { families: ['scale'], load: async () => [(await import('./scale.bench.ts')).scaleBench] },
];

installPlatformHash();
const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', default: '' },
    'peer-dir': { type: 'string' },
    plot: { type: 'string' },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const { only } = values;
const dir = values['peer-dir'];
const results: Measurement[] = [];
const where = environment(new Date());
say(`${where}\n`);
const peers = dir === undefined ? [] : await loadPeers(dir, (name, why) => say(`without ${name}: ${why}`));
const wanted = (name: string): boolean => name.startsWith(only) || only.startsWith(name);
const record = (result: Measurement): void => {
  if (!result.name.startsWith(only) && !result.name.startsWith('peer/')) return;
  results.push(result);
  say(line(result));
};
for (const peer of peers) say(`beside ${peer.name} ${peer.version}`);

for (const { families, load } of GROUPS) {
  if (!families.some((family) => family.startsWith(only) || only.startsWith(family))) continue;
  for (const bench of await load()) {
    const isAsked = only === '' ? bench.onDemand !== true : bench.names.some((name) => name.startsWith(only));
    if (isAsked) await bench.run({ peers, wanted, record });
  }
}
const compared = ratios(results);
if (compared.length > 0) say(`\nours : theirs, in this run\n${compared.join('\n')}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
if (values.plot !== undefined) writeFileSync(values.plot, plot(results, where));
