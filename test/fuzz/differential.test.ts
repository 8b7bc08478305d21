/**
 * The two decoders, differentially: `npm test` runs a few thousand inputs, `npm run fuzz` a million (KEYMOOT_FUZZ,
 * KEYMOOT_FUZZ_SEED). An input that is accepted must be understood alike by both decoders and by a third library; one
 * that is refused must be refused for a reason that our own decoder found.
 */
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PAYLOAD_KINDS, type Payload, type PayloadKind } from '../../protocol/payload/payload.ts';
import { fuzz, spell } from './campaign.ts';
import { outcomeOf } from './opinions.ts';

const CORPUS = new URL('../vectors/fuzz-corpus.json', import.meta.url);
const INPUTS = Number(process.env['KEYMOOT_FUZZ'] ?? '6000');
const SEED = Number(process.env['KEYMOOT_FUZZ_SEED'] ?? randomInt(2 ** 32 - 1));

/** Inputs kept from earlier campaigns, one for each way of being answered. */
function corpus(): readonly Payload[] {
  const entries = existsSync(CORPUS) ? (JSON.parse(readFileSync(CORPUS, 'utf8')) as readonly string[]) : [];
  return entries.map((entry) => {
    const [kind = '', hex = '0x'] = entry.split(' ');
    return { kind: kind as PayloadKind, bytes: Uint8Array.from(Buffer.from(hex.slice(2), 'hex')) };
  });
}

describe('differential fuzzing', () => {
  test('the kept corpus is answered without complaint', () => {
    const kept = corpus();
    expect(kept.length).toBeGreaterThan(100);
    const complaints = kept.flatMap((payload) =>
      outcomeOf(payload, true).complaints.map((text) => `${text}: ${spell(payload)}`),
    );
    expect(complaints).toEqual([]);
  });

  test(`${INPUTS} inputs, seed ${SEED}: no silent disagreement, no accident`, { timeout: 3_600_000 }, () => {
    const campaign = fuzz(INPUTS, SEED, corpus(), (done) => {
      if (done % 50_000 === 0) process.stderr.write(`${done} inputs\n`);
    });
    if (process.env['KEYMOOT_FUZZ_KEEP'] === '1') {
      writeFileSync(
        CORPUS,
        `${JSON.stringify(campaign.pool.filter(({ bytes }) => bytes.length < 1500).map(spell), undefined, 1)}\n`,
      );
    }
    if (INPUTS > 10_000) process.stderr.write(`${report(campaign)}\n`);
    expect(campaign.complaints.map(({ payload, complaints }) => `${complaints.join(', ')}: ${spell(payload)}`)).toEqual(
      [],
    );
    expect(campaign.accepted).toBeGreaterThan(INPUTS / 20);
    expect(campaign.codes.size).toBeGreaterThan(15);
  });

  test('every kind is among the accepted inputs', () => {
    const kinds = new Set(
      fuzz(3000, 7, [])
        .pool.filter((payload) => outcomeOf(payload, false).accepted)
        .map(({ kind }) => kind),
    );
    expect([...kinds].sort()).toEqual([...PAYLOAD_KINDS].sort());
  });
});

function report({ inputs, accepted, codes, pool }: ReturnType<typeof fuzz>): string {
  const rows = [...codes]
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `  ${String(count).padStart(9)}  ${code}`);
  return [`${inputs} inputs, ${accepted} accepted, ${pool.length} different answers, seed ${SEED}`, ...rows].join('\n');
}
