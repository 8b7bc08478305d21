/**
 * An external checker against our own reading, over every payload at hand: `node conformance.js COMMAND ARGUMENT...`
 * (npm run test:checker for the example in Python). One process for each payload, as a node does it. Prints a table,
 * and every difference; exit code 1 if there is one.
 */
import { readdir, readFile } from 'node:fs/promises';
import { checkerLook } from '../../../participant/checker/look.ts';
import { payloadFromInspectJson } from '../../../protocol/payload/inspect-json.ts';
import { type Decoded, decode, type Payload } from '../../../protocol/payload/payload.ts';
import { Random } from '../../fuzz/random.ts';
import { seedPayload } from '../../fuzz/seeds.ts';

const SEED = 20_261_121;
const GENERATED = 400;
const AT_ONCE = 4;
const INCIDENTS = 'test/vectors/incidents/';
const ROOT = new URL('../../../../', import.meta.url);

async function filesIn(folder: string, pick: (file: unknown) => readonly unknown[]): Promise<readonly Payload[]> {
  const at = new URL(folder, ROOT);
  const names = (await readdir(at)).filter((name) => name.endsWith('.json')).sort();
  const payloads: Payload[] = [];
  for (const name of names) {
    for (const form of pick(JSON.parse(await readFile(new URL(name, at), 'utf8')))) {
      const payload = payloadFromInspectJson(JSON.stringify(form));
      if (payload.ok) payloads.push(payload.value);
    }
  }
  return payloads;
}

interface Incident {
  readonly payload: unknown;
  /** The harmless payload of the same shape. */
  readonly twin: { readonly payload: unknown };
}

function* generated(): Generator<Payload> {
  const random = new Random(SEED);
  for (let i = 0; i < GENERATED; i++) yield seedPayload(random);
}

const command = process.argv.slice(2);
if (command.length === 0) {
  process.stderr.write('usage: node conformance.js COMMAND ARGUMENT...\n');
  process.exit(2);
}
const checker = checkerLook({ command, seconds: 15 });
const rows = new Map<string, { read: number; agreed: number }>();
let faults = 0;

async function compare(source: string, decoded: Decoded): Promise<void> {
  const subject = { decoded, wallet: `0x${'42'.repeat(20)}` as const };
  const { risks } = await checker.look(subject, new AbortController().signal);
  const name = `${source}, ${decoded.payload.kind}`;
  const row = rows.get(name) ?? { read: 0, agreed: 0 };
  const [risk] = risks;
  rows.set(name, { read: row.read + 1, agreed: row.agreed + (risk === undefined ? 1 : 0) });
  if (risk === undefined) return;
  faults += 1;
  process.stdout.write(`${risk.code} ${name} ${Buffer.from(decoded.digest).toString('hex')}: ${risk.detail}\n`);
}

const sources: readonly (readonly [string, Iterable<Payload>])[] = [
  ['examples', await filesIn('docs/examples/payloads/', (file) => [file])],
  ['incidents', await filesIn(INCIDENTS, (file) => [(file as Incident).payload])],
  ['twins of the incidents', await filesIn(INCIDENTS, (file) => [(file as Incident).twin.payload])],
  [`generated with seed ${SEED}`, generated()],
];
for (const [source, payloads] of sources) {
  const readable = [...payloads].flatMap((payload) => {
    const decoded = decode(payload);
    return decoded.ok ? [decoded.value] : [];
  });
  for (let i = 0; i < readable.length; i += AT_ONCE) {
    await Promise.all(readable.slice(i, i + AT_ONCE).map((decoded) => compare(source, decoded)));
  }
}
for (const [name, { agreed, read }] of [...rows].sort(([a], [b]) => a.localeCompare(b)))
  process.stdout.write(`${name}: ${agreed} of ${read} agree\n`);
process.exitCode = faults === 0 ? 0 : 1;
