/** `npm run bench -- [--json FILE] [--only PREFIX] [--peer-dir DIR] [--plot FILE]`; see README.md beside this. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { installPlatformHash } from '../participant/hashing.ts';
import type { Bench } from './bench.ts';
import { ceremonyBench } from './ceremony.bench.ts';
import { concurrentBench } from './concurrent.bench.ts';
import { payloadBench } from './payload.bench.ts';
import { loadPeers } from './peers.ts';
import { plot } from './plot.ts';
import { policyBench } from './policy.bench.ts';
import { primitiveBench } from './primitive.bench.ts';
import { environment, line, type Measurement, ratios } from './report.ts';
import { scaleBench } from './scale.bench.ts';
import { simulationBench } from './simulation.bench.ts';
import { memoryBench, pairBench, thresholdBench } from './threshold.bench.ts';
import { transferBench } from './transfer.bench.ts';

const BENCHES: readonly Bench[] = [
  payloadBench,
  simulationBench,
  policyBench,
  primitiveBench,
  transferBench,
  pairBench,
  thresholdBench,
  memoryBench,
  ceremonyBench,
  concurrentBench,
  scaleBench,
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
for (const peer of peers) say(`beside ${peer.name} ${peer.version}`);

for (const bench of BENCHES) {
  const isAsked = only === '' ? bench.onDemand !== true : bench.names.some((name) => name.startsWith(only));
  if (!isAsked) continue;
  await bench.run({
    peers,
    wanted: (name) => name.startsWith(only) || only.startsWith(name),
    record(result) {
      if (!result.name.startsWith(only) && !result.name.startsWith('peer/')) return;
      results.push(result);
      say(line(result));
    },
  });
}
const compared = ratios(results);
if (compared.length > 0) say(`\nours : theirs, in this run\n${compared.join('\n')}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
if (values.plot !== undefined) writeFileSync(values.plot, plot(results, where));
