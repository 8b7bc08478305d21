/**
 * Our interpreter against the one of another project, over a call of every function that the pinned registry describes.
 * What may differ, and why, is the table "Agreement" of docs/decoding.md; its numbers are those checked here.
 */
import { readFileSync } from 'node:fs';
import { expect, describe as group, test } from 'vitest';
import { fromHex } from '../../protocol/common/bytes.ts';
import type { Address } from '../../protocol/payload/address.ts';
import type { Call } from '../../protocol/payload/calldata/call.ts';
import { callText, clearDocument } from '../../protocol/payload/clear-signing/clear.ts';
import { isMap, type JsonMap, listOf, mapOf } from '../../protocol/payload/clear-signing/json-access.ts';
import { merged } from '../../protocol/payload/clear-signing/merge.ts';
import { type CallFormat, descriptorOf, formatsOf } from '../../protocol/payload/clear-signing/registry.ts';
import type { ClearText } from '../../protocol/payload/clear-signing/text.ts';
import { Draws, encodedCall, messageOf } from './support/clear-cases.ts';
import { clearContext, compared, type PeerText, peerCall, peerDocument } from './support/clear-peer.ts';
import { reading, typedDocument, typesOf } from './support/typed-documents.ts';

const registry = JSON.parse(
  readFileSync(new URL('../../protocol/payload/clear-signing/data/registry.json', import.meta.url), 'utf8'),
) as { readonly descriptors: JsonMap };

interface Case {
  readonly name: string;
  readonly format: CallFormat;
  readonly chainId: bigint;
  readonly to: Address;
}

/** One of each: many descriptors of the registry differ in their addresses only. */
function cases(): readonly Case[] {
  const result = new Map<string, Case>();
  for (const id of Object.keys(registry.descriptors)) {
    const document = merged(id, registry.descriptors) ?? {};
    const [deployment] = listOf(mapOf(mapOf(document['context'])['contract'])['deployments']);
    if (!isMap(deployment)) continue;
    const to: Address = `0x${String(deployment['address']).slice(2).toLowerCase()}`;
    for (const format of formatsOf(descriptorOf(id, document))) {
      // The address and the constants are all that differ between many descriptors of vaults.
      const key = JSON.stringify([format.signature.canonical, format.format]);
      const name = `${id} ${format.signature.canonical}`;
      if (!result.has(key)) result.set(key, { name, format, chainId: BigInt(Number(deployment['chainId'])), to });
    }
  }
  return [...result.values()];
}

function callOf(to: Address, data: string, value: bigint): Call {
  const bytes = fromHex(data.slice(2));
  if (bytes === undefined) throw new Error('not hex');
  const selector = data.slice(2, 10);
  return {
    path: '0',
    operation: 'call',
    from: 'wallet',
    to,
    value,
    data: bytes,
    selector,
    call: undefined,
    movements: [],
    children: [],
  };
}

interface DocumentCase {
  readonly name: string;
  readonly descriptor: JsonMap;
  readonly encodedType: string;
  readonly domain: Readonly<Record<string, unknown>>;
}

function documentCases(): readonly DocumentCase[] {
  const result = new Map<string, DocumentCase>();
  for (const id of Object.keys(registry.descriptors)) {
    const descriptor = merged(id, registry.descriptors) ?? {};
    // A Safe transaction is shown by ourselves, field by field.
    if (id.startsWith('registry/safe/')) continue;
    const binding = mapOf(mapOf(descriptor['context'])['eip712']);
    const [deployment] = listOf(binding['deployments']);
    if (!isMap(deployment)) continue;
    const { address, chainId } = deployment;
    const domain = { ...mapOf(binding['domain']), chainId, verifyingContract: address };
    for (const [key, format] of Object.entries(mapOf(mapOf(descriptor['display'])['formats']))) {
      const encodedType = key.replaceAll(/,\s+/g, ',');
      const once = JSON.stringify([encodedType, format]);
      if (!result.has(once)) result.set(once, { name: `${id} ${encodedType}`, descriptor, encodedType, domain });
    }
  }
  return [...result.values()];
}

class Tally {
  readonly counts: Record<string, number> = {};
  readonly problems: string[] = [];

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  compare(name: string, chainId: bigint, ours: ClearText | undefined, theirs: PeerText | string | undefined): void {
    if (theirs === undefined || typeof theirs === 'string') {
      const why = theirs?.replace(/0x[0-9a-f]+/, '0x..') ?? 'it finds nothing';
      this.count(ours === undefined ? 'neither has words' : `only we have words: ${why}`);
      return;
    }
    if (ours === undefined) {
      this.count('only they have words');
      return;
    }
    if (ours.intent !== theirs.intent || ours.rows.length !== theirs.rows.length) {
      this.problems.push(`${name}: ${JSON.stringify([ours, theirs])}`);
      return;
    }
    this.count('both have words');
    this.#sentence(name, ours, theirs);
    for (const [at, row] of ours.rows.entries()) {
      const other = theirs.rows[at];
      const deviation = other === undefined ? 'UNEXPLAINED' : compared(row, other, chainId);
      this.count(`row: ${deviation}`);
      if (deviation === 'UNEXPLAINED') this.problems.push(`${name}: ${JSON.stringify([row, other])}`);
    }
  }

  /** Theirs falls back to the intent. */
  #sentence(name: string, ours: ClearText, theirs: PeerText): void {
    const whole = theirs.sentence !== undefined && theirs.sentence !== theirs.intent;
    if (ours.sentence !== undefined) this.count(whole ? 'sentence of both' : 'sentence of ours alone');
    else if (whole) this.problems.push(`${name}: their sentence is ${theirs.sentence}`);
  }
}

group('another interpreter of ERC-7730', () => {
  test('says the same of every function, but for what the table names', async () => {
    const tally = new Tally();
    for (const [i, { chainId, format, name, to }] of cases().entries()) {
      const data = encodedCall(format, new Draws(i + 1));
      const ours = callText(format, callOf(to, data, 5n), clearContext(chainId), 'registry');
      tally.compare(name, chainId, ours, await peerCall(format.descriptor.document, chainId, to, data, 5n));
    }
    expect(tally.problems).toEqual([]);
    expect(tally.counts).toEqual({
      'both have words': 186,
      'only they have words': 2,
      'only we have words: clearSig: expected address, got 0x..': 2,
      'row: more said': 391,
      'row: no token named': 25,
      'row: not an address': 2,
      'row: not in the list': 9,
      'row: same': 78,
      'row: token of another chain': 8,
      'sentence of both': 15,
      'sentence of ours alone': 14,
    });
  });

  test('says the same of every document', async () => {
    const tally = new Tally();
    for (const [i, { descriptor, domain, encodedType, name }] of documentCases().entries()) {
      const types = typesOf(encodedType);
      const document = typedDocument(
        encodedType,
        messageOf(types, encodedType.split('(')[0] ?? '', new Draws(i + 1)),
        domain,
      );
      const chainId = BigInt(Number(domain['chainId']));
      const ours = clearDocument(reading(document).typedData, clearContext(chainId));
      tally.compare(name, chainId, ours, await peerDocument(descriptor, document));
    }
    expect(tally.problems).toEqual([]);
    expect(tally.counts).toEqual({
      'both have words': 27,
      'row: more said': 39,
      'row: no date': 1,
      'row: same': 56,
      'sentence of both': 1,
    });
  });
});
