/** A policy with something of everything, and changes of its file, for comparing versions. */
import { signEntry } from '../../../protocol/ceremony/address-entry.ts';
import { signerFromSeed } from '../../../protocol/ceremony/ed25519.ts';
import { comparePolicies, type PolicyComparison } from '../../../protocol/policy/compare/compare.ts';
import { parsePolicy } from '../../../protocol/policy/parse.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import { ALICE, BOB, CHAIN, MALLORY, MULTISEND, SAFE, USDC } from './payloads.ts';

/** A policy file as JSON, to be changed at will by paths like `rules.small.match.amount.max`. */
export type Draft = { [field: string]: unknown };

const chainId = Number(CHAIN);
export const SIZE = { threshold: 2, parties: 4 };

export const ENTRY_KEY = signerFromSeed(new Uint8Array(32).fill(7));

/** An entry of the address book as a file has it. */
export function entryFile(name: string, version: number, addresses: readonly string[], more: object = {}): Draft {
  const list = addresses.map((address) => ({
    address: `0x${address.slice(2)}` as const,
    chainId: CHAIN,
    kind: 'eoa' as const,
  }));
  const entry = signEntry(
    name,
    { addresses: list, created: 1_790_000_000, label: 'Acme GmbH', version, ...more },
    ENTRY_KEY,
  );
  const addressesFile = entry.addresses.map(({ address, chainId, kind }) => ({
    address,
    chainId: Number(chainId),
    kind,
  }));
  return { ...entry, addresses: addressesFile };
}

export function approverFile(person: string, number: number, device = 'phone'): Draft {
  const key = Buffer.from(signerFromSeed(new Uint8Array(32).fill(100 + number)).publicKey).toString('hex');
  return { person, device, key: `ed25519:${key}` };
}

/** Where every field that can narrow has something to narrow. */
export function rich(): Draft {
  return {
    schema: 'keymoot/policy/1',
    id: 'rich',
    version: 1,
    expiresAt: 1_900_000_000,
    wallets: {
      treasury: { chainIds: [chainId, 1], legacyChainId: chainId, class: 'middle' },
      ops: { chainIds: [chainId], class: 'hot' },
    },
    addressLists: {
      payees: [
        { chainId, address: ALICE, label: 'Alice' },
        { chainId, address: BOB, label: 'Bob' },
      ],
      safes: [{ chainId, address: SAFE, label: 'Main Safe' }],
      batch: [{ chainId, address: MULTISEND, label: 'MultiSendCallOnly 1.4.1' }],
      blocked: [{ chainId, address: MALLORY, label: 'Mallory' }],
    },
    assets: {
      ETH: { chainId, address: 'native', decimals: 18 },
      USDC: { chainId, address: USDC, decimals: 6 },
    },
    approvers: {
      ada: approverFile('Ada', 1),
      ben: approverFile('Ben', 2),
      cem: approverFile('Cem', 3),
      dan: approverFile('Dan', 4),
    },
    groups: { finance: ['ada', 'ben', 'cem'], board: ['ada', 'dan'] },
    counterparties: { acme: entryFile('acme', 1, [`0x${'ac'.repeat(20)}`, `0x${'ad'.repeat(20)}`]) },
    admin: { group: 'board', quorum: 2, widenDelaySec: 259_200 },
    rules: [
      {
        id: 'small',
        effect: 'allow',
        match: {
          wallets: ['treasury', 'ops'],
          assets: ['ETH'],
          counterparties: ['@payees', '@acme'],
          amount: { max: '1000000000000000000' },
          fee: { totalMax: '10000000000000000' },
        },
      },
      {
        id: 'tokens',
        effect: 'require',
        match: {
          assets: ['USDC'],
          selectors: ['0xa9059cbb', '0x095ea7b3'],
          counterparties: '@payees',
          amount: { max: '5000000' },
          args: [{ arg: 'amount', op: 'lte', value: '5000000' }],
          risks: ['BATCH', 'FIRST_SEEN_DESTINATION'],
        },
        require: { groups: [{ group: 'finance', quorum: 1 }], ttlSec: 7200, rejects: 2 },
        consents: 2,
        rejections: 2,
      },
      {
        id: 'safe',
        effect: 'require',
        match: {
          kinds: ['evm-typed-data'],
          operations: ['call', 'delegatecall'],
          to: ['@batch', '@payees'],
        },
        consents: 3,
      },
      { id: 'never', effect: 'deny', match: { counterparties: '@blocked' } },
    ],
    limits: [
      {
        id: 'day',
        measure: 'amount',
        asset: 'ETH',
        windowSec: 86_400,
        max: '5000000000000000000',
        per: ['wallet', 'initiator'],
      },
      {
        id: 'count',
        measure: 'count',
        windowSec: 3600,
        max: '10',
        per: ['wallet', 'counterparty'],
        match: { wallets: ['treasury'] },
      },
      { id: 'soft', measure: 'fee', windowSec: 3600, max: '100', onExceed: { require: { holder: true } } },
    ],
    hardDeny: ['UNLIMITED_APPROVAL'],
  };
}

export function policyFrom(file: Draft): Policy {
  const policy = parsePolicy(JSON.stringify(file));
  if (!policy.ok) throw new Error(`${policy.error.field}: ${policy.error.message}`);
  return policy.value;
}

/** The next version of a file after `edit`; its parent is any, since only contents are compared. */
export function edited(file: Draft, edit: (draft: Draft) => unknown): Draft {
  const draft = structuredClone(file);
  draft['version'] = Number(file['version']) + 1;
  if (draft['admin'] !== undefined) draft['parentHash'] = `0x${'00'.repeat(32)}`;
  edit(draft);
  return draft;
}

export function compared(edit: (draft: Draft) => unknown, file: Draft = rich()): PolicyComparison {
  return comparePolicies(policyFrom(file), policyFrom(edited(file, edit)), SIZE);
}

/** Rules and limits are found by their id. */
export function put(draft: Draft, path: string, value: unknown): void {
  const [owner, name] = ownerOf(draft, path);
  if (Array.isArray(owner)) owner.splice(indexOf(owner, name), 1, value);
  else owner[name] = value;
}

export function drop(draft: Draft, path: string): void {
  const [owner, name] = ownerOf(draft, path);
  if (Array.isArray(owner)) owner.splice(indexOf(owner, name), 1);
  else delete owner[name];
}

export function add(draft: Draft, path: string, value: unknown): void {
  listAt(draft, path).push(value);
}

export function dropLast(draft: Draft, path: string): void {
  listAt(draft, path).pop();
}

export function get(draft: Draft, path: string): unknown {
  const [owner, name] = ownerOf(draft, path);
  return Array.isArray(owner) ? owner[indexOf(owner, name)] : owner[name];
}

function listAt(draft: Draft, path: string): unknown[] {
  const list = get(draft, path);
  if (!Array.isArray(list)) throw new Error(`${path} is no list`);
  return list;
}

function ownerOf(draft: Draft, path: string): readonly [Draft | unknown[], string] {
  const parts = path.split('.');
  const name = parts.pop() ?? '';
  let owner: unknown = draft;
  for (const part of parts) owner = Array.isArray(owner) ? owner[indexOf(owner, part)] : (owner as Draft)[part];
  if (typeof owner !== 'object' || owner === null) throw new Error(`there is nothing at ${path}`);
  return [owner as Draft | unknown[], name];
}

/** By position, or by id. */
function indexOf(list: readonly unknown[], name: string): number {
  if (/^[0-9]+$/.test(name)) return Number(name);
  const found = list.findIndex((item) => (item as Draft)['id'] === name);
  if (found < 0) throw new Error(`there is no ${name}`);
  return found;
}
