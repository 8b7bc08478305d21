/** A party that judges payloads one after the other, with a ledger of its own: the real judge, the real counting. */
import { toHex } from '../../../protocol/common/bytes.ts';
import type { Assessment } from '../../../protocol/payload/risk/assess.ts';
import { judge } from '../../../protocol/policy/judge.ts';
import { Ledger } from '../../../protocol/policy/ledger.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import type { UsedPlace } from '../../../protocol/policy/spend.ts';
import type { Verdict } from '../../../protocol/policy/verdict.ts';
import { CHAIN, WALLET } from './payloads.ts';
import { file, NOW, type PolicyFile, parsed, type RuleFile } from './policies.ts';

export interface Asked {
  readonly at?: number;
  readonly wallet?: string;
  readonly initiator?: string;
  readonly attempt?: number;
  /** Seconds for which the consent is good. */
  readonly lives?: number;
}

/** Whatever a rule can be asked for is allowed: only limits are in the way. */
export const ANYTHING: RuleFile = {
  id: 'anything',
  effect: 'allow',
  match: {
    operations: ['call', 'authorize'],
    kinds: ['evm-transaction', 'evm-typed-data', 'evm-message'],
    nativeValue: { max: (2n ** 255n).toString() },
    risks: ['UNLIMITED_APPROVAL', 'PERMIT_SIG', 'TRANSFER_FROM_OTHER'],
  },
};

export function limitsOf(
  limits: readonly object[],
  more: PolicyFile = {},
  rules: readonly RuleFile[] = [ANYTHING],
): Policy {
  return parsed(file(rules, { wallets: { treasury: { chainIds: [Number(CHAIN)] }, payroll: {} }, limits, ...more }));
}

export class Desk {
  readonly ledger: Ledger = new Ledger();
  policy: Policy;
  own: Policy | undefined;

  constructor(policy: Policy, own?: Policy) {
    this.policy = policy;
    this.own = own;
  }

  judge(payload: Assessment, { at = NOW, wallet = 'treasury', initiator = 'olivia' }: Asked = {}): Verdict {
    return judge({
      assessment: payload,
      wallet: { name: wallet, address: WALLET, threshold: 2, parties: 4 },
      initiator,
      now: at,
      common: this.policy,
      own: this.own,
      ledger: this.ledger.view(at, { common: this.policy, own: this.own }, keyOf(payload)),
    });
  }

  /** Judges and, unless it is denied, reserves. */
  consent(payload: Assessment, asked: Asked = {}): Verdict {
    const verdict = this.judge(payload, asked);
    const { at = NOW, attempt = 1, lives = 600 } = asked;
    if (verdict.decision !== 'deny' && verdict.spend !== undefined) {
      this.ledger.reserve(keyOf(payload), verdict.spend, `attempt ${attempt}`, at + lives, at);
    }
    return verdict;
  }

  /** Consents, and its signature is out at once. */
  sign(payload: Assessment, asked: Asked = {}): Verdict {
    const verdict = this.consent(payload, asked);
    if (verdict.decision !== 'deny') this.ledger.release(keyOf(payload), asked.at ?? NOW);
    return verdict;
  }

  mined(nonce: bigint, at: number): void {
    const place: UsedPlace = { kind: 'account', account: WALLET, chainId: CHAIN, nonce };
    this.ledger.consumed(place, at);
  }
}

export function keyOf(payload: Assessment): string {
  return `wallet/${toHex(payload.decoded.digest)}`;
}

/** `allow` or `require`; of a denial the limits that deny or, if it is none of them, every code. */
export function answer(verdict: Verdict): string {
  if (verdict.decision !== 'deny') return verdict.decision;
  const codes = verdict.reasons.map((reason) => reason.code);
  return [...new Set(codes.some(isLimit) ? codes.filter(isLimit) : codes)].join(' ');
}

function isLimit(code: string): boolean {
  return code.startsWith('LIMIT_');
}
