/**
 * A transcript with any byte changed is no transcript. First as it lies in a file; then, harder, with the chain mended
 * and the closes signed again, so that only the meaning of the changed byte can give it away.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ending } from '../../protocol/ceremony/close.ts';
import { envelopeJson, parseEnvelope } from '../../protocol/ceremony/statement.ts';
import { canonicalBytes, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { bodyOf } from '../../protocol/transcript/assemble.ts';
import type { Entry, Line } from '../../protocol/transcript/entry.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { importKey, reshare } from '../support/key-changes.ts';
import { dealPairs } from '../support/moot.ts';
import { closed, fileOf, type Story } from '../support/story.ts';
import { transfer, treasuryMoot, trojan } from '../support/treasury.ts';

const moot = treasuryMoot('mutation');
const { roster } = moot;
const keygen = moot.keygen('treasury');
if (keygen.wallet === undefined) throw new Error('the keygen gave no key');
dealPairs(moot, keygen.wallet);
const signing = moot.sign(keygen.wallet, { payload: transfer() });
const refusal = moot.sign(keygen.wallet, { payload: trojan() });
const next = treasuryMoot('mutation', 1, { keys: ['2', 'new', '1'], after: moot });
const handOver = reshare(moot, keygen.wallet, { next });
const imported = importKey(moot, 'spare', { secret: 123n });

const golden: readonly (readonly [string, Ending, { readonly story: Story; readonly lines: readonly Line[] }])[] = [
  ['keygen', 'completed', keygen],
  ['signing', 'completed', signing],
  ['refusal', 'refused', refusal],
  ['hand-over', 'completed', handOver],
  ['import', 'completed', imported],
];

function verifies(file: Uint8Array): boolean {
  const report = verifyTranscript(file, { roster });
  if (report.failure?.code === 'VERIFIER_FAILED') throw new Error('the verifier fell over');
  return report.ok;
}

describe.each(golden)('a %s', (_, ending, { story, lines }) => {
  const file = fileOf(lines);
  const entries = bodyOf(lines).map((line) => line.entry);

  it('verifies as it is', () => {
    expect(verifies(file)).toBe(true);
  });

  it('does not with any byte changed', () => {
    const change = fc.record({ at: fc.nat(file.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(change, ({ at, by }) => {
        const changed = file.slice();
        changed[at] = (changed[at] ?? 0) ^ by;
        return !verifies(changed);
      }),
      { numRuns: 250 },
    );
  });

  it('does not with bytes cut out or put in', () => {
    const place = fc.record({ at: fc.nat(file.length - 1), length: fc.integer({ min: 1, max: 400 }) });
    fc.assert(
      fc.property(place, ({ at, length }) => {
        const cut = [...file.subarray(0, at), ...file.subarray(at + length)];
        const doubled = [...file.subarray(0, at), ...file.subarray(at, at + length), ...file.subarray(at)];
        return !verifies(Uint8Array.from(cut)) && !verifies(Uint8Array.from(doubled));
      }),
      { numRuns: 60 },
    );
  });

  it('does not with any line left out, doubled or moved', () => {
    const { length } = lines;
    const move = fc.record({ from: fc.nat(length - 1), to: fc.nat(length - 1) });
    fc.assert(
      fc.property(move, ({ from, to }) => {
        const line = lines[from];
        if (line === undefined) return false;
        const rest = lines.filter((other) => other !== line);
        const moved = [...rest.slice(0, to), line, ...rest.slice(to)];
        const last = from === length - 1;
        return (
          (from === to || !verifies(fileOf(moved))) &&
          !verifies(fileOf([...lines, line])) &&
          // Without its last line it is the same transcript with one close less.
          (last || !verifies(fileOf(rest)))
        );
      }),
      { numRuns: 40 },
    );
  });

  it('does not with a changed entry, chained and closed again', () => {
    const change = fc.record({ at: fc.nat(entries.length - 1), byte: fc.nat(), by: fc.integer({ min: 1, max: 255 }) });
    let tried = 0;
    fc.assert(
      fc.property(change, ({ at, byte, by }) => {
        const entry = entries[at];
        const changed = entry && mutated(entry, byte, by);
        if (changed === undefined) return true;
        tried += 1;
        const again = closed(story, {
          ending,
          authors: ['party:1', 'party:2', 'party:3'],
          close: (body) => moot.close(body),
          counter: (author) => moot.counter(author),
          now: () => moot.now(),
          entries: () => entries.map((other) => (other === entry ? changed : other)),
        });
        return !verifies(fileOf(again));
      }),
      { numRuns: 120 },
    );
    expect(tried).toBeGreaterThan(60);
  });
});

/** The entry with one byte changed; undefined if that is no entry any more. */
function mutated(entry: Entry, byte: number, by: number): Entry | undefined {
  const flip = (bytes: Uint8Array): Uint8Array => {
    const changed = bytes.slice();
    const i = byte % changed.length;
    changed[i] = (changed[i] ?? 0) ^ by;
    return changed;
  };
  switch (entry.kind) {
    case 'open':
      return byte % 2 === 0 ? { ...entry, roster: flip(entry.roster) } : { ...entry, proposal: flip(entry.proposal) };
    case 'round':
      return { kind: 'round', envelope: flip(entry.envelope) };
    case 'document': {
      const content = changedText(entry.content, flip);
      return content === undefined ? undefined : { kind: 'document', content };
    }
    case 'statement': {
      const { statement } = entry;
      const changed =
        byte % 3 === 0
          ? { ...statement, signature: flip(statement.signature) }
          : { ...statement, body: flip(statement.body) };
      const parsed = parseEnvelope(canonicalBytes(envelopeJson(changed)));
      return parsed.ok ? { kind: 'statement', statement: parsed.value } : undefined;
    }
  }
}

/** Changes a byte of the canonical text where the result still is canonical: one low bit of a character. */
function changedText(content: Json, flip: (bytes: Uint8Array) => Uint8Array): Json | undefined {
  const bytes = canonicalBytes(content);
  const changed = flip(bytes);
  const parsed = parseCanonical(changed);
  return parsed.ok ? parsed.value : undefined;
}
