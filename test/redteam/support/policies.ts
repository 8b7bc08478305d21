/** Starters and what is left of them when somebody takes a safeguard away. */
import { readFileSync } from 'node:fs';
import { parsePolicy } from '../../../protocol/policy/parse.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import { CASES } from '../../../protocol/redteam/catalogue.ts';
import { type Played, play } from '../../../protocol/redteam/run.ts';
import { settingOf } from '../../../protocol/redteam/setting.ts';
import type { Setting } from '../../../protocol/redteam/types.ts';

/** A Wednesday noon before any starter ends. */
export const NOW = 1_795_003_200;
export const STARTERS = ['treasury', 'operations', 'exchange'] as const;
export type Starter = (typeof STARTERS)[number];

/** A policy file as JSON.parse gives it. */
export type PolicyFile = Record<string, unknown>;

export function starterFile(name: Starter): PolicyFile {
  return JSON.parse(starterText(name)) as PolicyFile;
}

export function starterPath(name: Starter): string {
  return new URL(`../../../starter/${name}.json`, import.meta.url).pathname;
}

function starterText(name: Starter): string {
  return readFileSync(starterPath(name), 'utf8');
}

export function policyOf(file: PolicyFile): Policy {
  const parsed = parsePolicy(JSON.stringify(file));
  if (!parsed.ok) throw new Error(`${parsed.error.field} ${parsed.error.message}`);
  return parsed.value;
}

export function settingFor(file: PolicyFile, wallet?: string): Setting {
  const setting = settingOf({ policy: policyOf(file), now: NOW, wallet });
  if (!setting.ok) throw new Error(setting.error);
  return setting.value;
}

export function playCase(setting: Setting, id: string): Played {
  const attack = CASES.find((one) => one.id === id);
  if (attack === undefined) throw new Error(`there is no case "${id}"`);
  return play(setting, attack);
}

/** Everything of the usual kinds, to anybody, unattended: what a policy looks like that is none. */
export const ALLOW_ALL: PolicyFile = {
  schema: 'keymoot/policy/1',
  id: 'allow-all',
  version: 1,
  wallets: { everything: {} },
  addressLists: {},
  assets: {
    ETH: { chainId: 1, address: 'native', decimals: 18 },
    USDC: { chainId: 1, address: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48', decimals: 6 },
  },
  rules: [
    {
      id: 'everything',
      effect: 'allow',
      match: {
        kinds: ['evm-transaction', 'evm-typed-data', 'evm-message', 'evm-authorization'],
        operations: ['call', 'delegatecall', 'create', 'authorize'],
        nativeValue: { max: String(2n ** 256n - 1n) },
      },
    },
  ],
};

export const DENY_ALL: PolicyFile = { ...ALLOW_ALL, id: 'deny-all', rules: [] };
