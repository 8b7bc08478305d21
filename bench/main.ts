/** `npm run bench -- [--json FILE] [--only PREFIX]` */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { installPlatformHash } from '../participant/hashing.ts';
import { ceremonyBench } from './ceremony.bench.ts';
import { payloadBench } from './payload.bench.ts';
import { policyBench } from './policy.bench.ts';
import { type Bench, environment, line, type Measurement } from './report.ts';
import { keygenBench, pairBench, signBench } from './threshold.bench.ts';

installPlatformHash();

const BENCHES: readonly Bench[] = [payloadBench, policyBench, keygenBench, pairBench, signBench, ceremonyBench];

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string', default: '' } } });
const only = values.only;
const results: Measurement[] = [];
process.stdout.write(`${environment()}\n\n`);
for (const bench of BENCHES) {
  if (!bench.names.some((name) => name.startsWith(only))) continue;
  await bench.run((result) => {
    if (!result.name.startsWith(only)) return;
    results.push(result);
    process.stdout.write(`${line(result)}\n`);
  });
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
