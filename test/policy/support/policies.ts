/** Small policies, written as the objects that a file would contain. */
import type { Assessment } from '../../../protocol/payload/risk/assess.ts';
import { type JudgeInput, judge } from '../../../protocol/policy/judge.ts';
import { parsePolicy } from '../../../protocol/policy/parse.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import type { Verdict } from '../../../protocol/policy/verdict.ts';
import { ALICE, BOB, CHAIN, MULTISEND, SAFE, USDC, WALLET } from './payloads.ts';

export interface RuleFile {
  readonly id: string;
  readonly effect: 'allow' | 'require' | 'deny';
  readonly match: { readonly [field: string]: unknown };
  readonly note?: string;
  readonly consents?: number;
  readonly rejections?: number;
  readonly require?: { readonly [field: string]: unknown };
}

export type PolicyFile = { readonly [field: string]: unknown };

/** A policy file with one wallet, two lists and two assets around the given rules. */
export function file(rules: readonly RuleFile[], more: PolicyFile = {}): PolicyFile {
  const chainId = Number(CHAIN);
  return {
    schema: 'keymoot/policy/1',
    id: 'test',
    version: 1,
    wallets: { treasury: { chainIds: [chainId] } },
    addressLists: {
      payees: [
        { chainId, address: ALICE, label: 'Alice' },
        { chainId, address: BOB, label: 'Bob' },
      ],
      safes: [{ chainId, address: SAFE, label: 'Main Safe' }],
      batch: [{ chainId, address: MULTISEND, label: 'MultiSendCallOnly 1.4.1' }],
    },
    assets: {
      ETH: { chainId, address: 'native', decimals: 18 },
      USDC: { chainId, address: USDC, decimals: 6 },
    },
    rules,
    ...more,
  };
}

export function parsed(document: PolicyFile): Policy {
  const policy = parsePolicy(JSON.stringify(document));
  if (!policy.ok) throw new Error(`${policy.error.field}: ${policy.error.message}`);
  return policy.value;
}

export function policyOf(rules: readonly RuleFile[], more: PolicyFile = {}): Policy {
  return parsed(file(rules, more));
}

export const NOW = 1_800_000_000;

export function input(assessment: Assessment, common: Policy, more: Partial<JudgeInput> = {}): JudgeInput {
  return {
    assessment,
    wallet: { name: 'treasury', address: WALLET, threshold: 2, parties: 4 },
    initiator: 'olivia',
    now: NOW,
    common,
    ledger: 'uncounted',
    ...more,
  };
}

export function judged(assessment: Assessment, rules: readonly RuleFile[], more: Partial<JudgeInput> = {}): Verdict {
  return judge(input(assessment, policyOf(rules), more));
}

export function codes(verdict: Verdict): readonly string[] {
  return verdict.reasons.map((reason) => reason.code);
}
