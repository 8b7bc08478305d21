/** `keymoot policy test`: cases with the verdicts their author expects. */
import { dirname, resolve } from 'node:path';
import type { Command } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { ZERO_ADDRESS } from '../../protocol/payload/address.ts';
import type { Decoded } from '../../protocol/payload/payload.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { type JudgeInput, judge } from '../../protocol/policy/judge.ts';
import { Ledger } from '../../protocol/policy/ledger.ts';
import { type LedgerView, matchedRuleNames, type Verdict } from '../../protocol/policy/verdict.ts';
import { systemClock } from '../clock.ts';
import { addressFrom, decodedFrom, initiatorFrom, policyFrom, walletFrom } from './policy-file.ts';
import { type Case, type CaseFile, type Expected, readCases } from './test-file.ts';
import { usageView } from './usage.ts';

/** A consent of a sequence holds its charge for so long, as a proposal of an hour would. */
const HELD = 3600;

export const test: Command = {
  usage: 'CASES...',
  summary: 'judge every case of these files and compare with the verdicts they expect; exit 1 if one differs',
  options: {},
  positionals: { min: 1, max: 64 },
  async run(call) {
    const outcomes: Outcome[] = [];
    for (const path of call.positionals) outcomes.push(...(await runFile(path)));
    const failed = outcomes.filter(({ differences }) => differences.length > 0);
    const lines = outcomes.flatMap(({ differences, name }) => [
      `${differences.length === 0 ? 'ok    ' : 'FAILED'} ${name}`,
      ...differences.map((difference) => `         ${difference}`),
    ]);
    call.terminal.result(
      {
        passed: outcomes.length - failed.length,
        failed: failed.map(({ differences, name }) => ({ name, differences: [...differences] })),
      },
      [...lines, `${outcomes.length - failed.length} passed, ${failed.length} failed`].join('\n'),
    );
    return failed.length === 0 ? 0 : 1;
  },
};

interface Outcome {
  readonly name: string;
  readonly differences: readonly string[];
}

type Circumstances = Omit<JudgeInput, 'assessment' | 'ledger' | 'now' | 'initiator'> & { readonly initiator: string };

async function runFile(path: string): Promise<readonly Outcome[]> {
  const file = readCases(await readTextFile(path), path);
  const beside = (name: string): string => resolve(dirname(path), name);
  const circumstances = await circumstancesOf(file, beside);
  const outcomes: Outcome[] = [];
  for (const each of file.cases) {
    const payloads =
      each.file === undefined
        ? (each.sequence ?? [each.payload ?? {}]).map(asText)
        : [await readTextFile(beside(each.file))];
    const decoded = payloads.map((text) => decodedFrom(text, `${path}: ${each.name}`));
    const at = each.at ?? file.at ?? systemClock.now();
    outcomes.push({ name: each.name, differences: runCase(each, decoded, circumstances, at) });
  }
  return outcomes;
}

function asText(payload: Json): string {
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}

async function circumstancesOf(file: CaseFile, beside: (name: string) => string): Promise<Circumstances> {
  const common = await policyFrom(beside(file.policy));
  const own = file.own === undefined ? {} : { own: await policyFrom(beside(file.own)) };
  const address = file.address === undefined ? ZERO_ADDRESS : addressFrom(file.address, 'address');
  const { parties = 255, threshold = 1 } = file;
  const wallet = { name: walletFrom(common, file.wallet), address, threshold, parties };
  return { common, ...own, wallet, initiator: initiatorFrom(common, file.initiator) };
}

function runCase(
  each: Case,
  payloads: readonly Decoded[],
  circumstances: Circumstances,
  now: number,
): readonly string[] {
  const ledger = new Ledger();
  const expected = Array.isArray(each.expect) ? (each.expect as readonly Expected[]) : [each.expect as Expected];
  return payloads.flatMap((decoded, i) => {
    const key = toHex(decoded.digest);
    const verdict = judge({
      ...circumstances,
      assessment: assess(decoded, { wallet: circumstances.wallet.address }),
      initiator: each.initiator ?? circumstances.initiator,
      now,
      ledger: viewOf(each, ledger, circumstances, now, key),
    });
    if (verdict.decision !== 'deny' && verdict.spend !== undefined) {
      ledger.reserve(key, verdict.spend, String(i), now + HELD, now);
    }
    const wanted = expected[i];
    const place = payloads.length > 1 ? `payload ${i + 1}: ` : '';
    return wanted === undefined ? [] : differences(wanted, verdict).map((difference) => place + difference);
  });
}

/** Rows that the case gives, or what its own sequence has used up so far. */
function viewOf(each: Case, ledger: Ledger, { common, own }: Circumstances, now: number, key: string): LedgerView {
  return each.usage === undefined ? ledger.view(now, { common, own }, key) : usageView(each.usage);
}

function differences(expected: Expected, verdict: Verdict): readonly string[] {
  const codes = verdict.reasons.map(({ code }) => code);
  const groups = verdict.obligations.groups.map(({ group, quorum }) => `${group}:${quorum}`);
  const why = verdict.reasons.map(({ code, detail }) => `${code}: ${detail}`);
  const lists = [
    ['rules', expected.rules, matchedRuleNames(verdict)],
    ['groups', expected.groups, groups],
  ] as const;
  return [
    ...(expected.decision === verdict.decision
      ? []
      : [`decision: expected ${expected.decision}, it is ${verdict.decision}`, ...why]),
    ...(expected.consents === undefined || expected.consents === verdict.consents
      ? []
      : [`consents: expected ${expected.consents}, it is ${verdict.consents}`]),
    ...lists.flatMap(([name, wanted, is]) =>
      wanted === undefined || [...wanted].sort().join() === [...is].sort().join()
        ? []
        : [`${name}: expected ${wanted.join(', ') || 'none'}, it is ${is.join(', ') || 'none'}`],
    ),
    ...(expected.reasons ?? [])
      .filter((code) => !codes.includes(code))
      .map((code) => `reasons: expected ${code}, they are ${codes.join(', ') || 'none'}`),
  ];
}
