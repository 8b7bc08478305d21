/** `keymoot policy redteam`: the attacks of protocol/redteam against a policy of one's own (docs/policy-tools.md). */
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { type Address, parseAddress } from '../../protocol/payload/address.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { CASES } from '../../protocol/redteam/catalogue.ts';
import type { ChainOutcome, ChainRunner } from '../../protocol/redteam/chain.ts';
import { chainOrders } from '../../protocol/redteam/orders.ts';
import { type Played, play } from '../../protocol/redteam/run.ts';
import { settingOf } from '../../protocol/redteam/setting.ts';
import type { Setting } from '../../protocol/redteam/types.ts';
import { systemClock } from '../clock.ts';

export interface RedteamOrder {
  readonly policy: Policy;
  readonly own?: Policy | undefined;
  readonly wallet?: string | undefined;
  /** Absent: a wallet made for this, which is what a chain can be asked about. */
  readonly address?: Address | undefined;
  /** One case alone. */
  readonly only?: string | undefined;
  /** Carry out what got through. */
  readonly onChain?: boolean | undefined;
  /** Carry out what was stopped as well, as if it had been signed. */
  readonly all?: boolean | undefined;
  /** Unix seconds. */
  readonly now: number;
  readonly progress?: (id: string) => void;
}

export interface RedteamReport {
  readonly setting: Setting;
  readonly played: readonly Played[];
  /** By case. */
  readonly outcomes: ReadonlyMap<string, ChainOutcome>;
  /** No case passed, and no twin is blocked. */
  readonly ok: boolean;
}

/** @throws {InvalidArgument} `REDTEAM_SETTING`, `REDTEAM_CASE` */
export async function redteam(order: RedteamOrder, runner: ChainRunner | undefined): Promise<RedteamReport> {
  const { policy, own, wallet, address, now } = order;
  const setting = settingOf({ policy, own, wallet, address, now });
  if (!setting.ok) throw new InvalidArgument('REDTEAM_SETTING', '--wallet', setting.error);
  const cases = CASES.filter(({ id }) => order.only === undefined || id === order.only);
  if (cases.length === 0) {
    const known = CASES.map(({ id }) => id).join(', ');
    throw new InvalidArgument('REDTEAM_CASE', '--only', `there is no such case; there are ${known}`);
  }
  const played = cases.map((attack) => {
    order.progress?.(attack.id);
    return play(setting.value, attack);
  });
  const ok = played.every(({ result }) => !result.passed && result.twin !== 'blocked');
  const isAsked = order.onChain === true || order.all === true;
  const isImplied = address === undefined && played.some(({ result }) => result.passed);
  const report = { setting: setting.value, played, outcomes: new Map<string, ChainOutcome>(), ok };
  if (runner === undefined || !(isAsked || isImplied)) return report;
  const orders = chainOrders(setting.value, played, order.all === true);
  try {
    const results = await runner(orders);
    const outcomes = orders.flatMap(({ id }, i) => (results[i] === undefined ? [] : [[id, results[i]] as const]));
    return { ...report, outcomes: new Map(outcomes) };
  } catch (error) {
    // A chain that nobody asked for may be missing: it is a development dependency.
    if (!isAsked && error instanceof InvalidArgument) return report;
    throw error;
  }
}

/** @param runner a development chain, if this installation has one */
export function redteamCommand(runner: ChainRunner | undefined): Command {
  return {
    usage: '--policy FILE [--own FILE] [--wallet NAME] [--address 0x...] [--on-chain] [--all] [--only CASE]',
    summary:
      'play known attacks against a policy: which layer stops each, and whether honest business still gets through',
    options: {
      policy: { type: 'string' },
      own: { type: 'string' },
      wallet: { type: 'string' },
      address: { type: 'string' },
      'on-chain': { type: 'boolean' },
      all: { type: 'boolean' },
      only: { type: 'string' },
    },
    positionals: { min: 0, max: 0 },
    async run(call) {
      const order = await orderOf(call);
      const report = await redteam(order, runner);
      call.terminal.result(reportJson(report), reportWords(report));
      return report.ok ? 0 : 1;
    },
  };
}

async function orderOf(call: CommandCall): Promise<RedteamOrder> {
  const given = call.text('address');
  const address = given === undefined ? undefined : parseAddress(given);
  if (given !== undefined && (address === undefined || address === 'checksum')) {
    throw new InvalidArgument('OPTION_INVALID', '--address', 'is no address, or its checksum is wrong');
  }
  const hasChain = call.flag('on-chain') || call.flag('all');
  if (address !== undefined && hasChain) {
    throw new InvalidArgument(
      'OPTION_INVALID',
      '--address',
      'only a wallet made for this can sign on a chain; leave it out',
    );
  }
  const own = call.text('own');
  return {
    policy: await policyFrom('--policy', call.required('policy')),
    own: own === undefined ? undefined : await policyFrom('--own', own),
    wallet: call.text('wallet'),
    address: address === 'checksum' ? undefined : address,
    only: call.text('only'),
    onChain: call.flag('on-chain'),
    all: call.flag('all'),
    now: systemClock.now(),
    progress: (id) => call.terminal.progress(id),
  };
}

async function policyFrom(option: string, path: string): Promise<Policy> {
  const parsed = parsePolicy(await readTextFile(path));
  if (parsed.ok) return parsed.value;
  throw new InvalidArgument(parsed.error.code, `${option} ${parsed.error.field}`.trim(), parsed.error.message);
}

const TWINS = { through: 'through', 'held-for-people': 'people asked', blocked: 'BLOCKED' } as const;

/** One line a case, then what did not go as it should. */
export function reportWords({ outcomes, ok, played, setting }: RedteamReport): string {
  const width = Math.max(...played.map(({ attack }) => attack.id.length));
  const lines = played.flatMap(({ attack, result }) => {
    const { alsoBy, passed, stoppedBy, twin } = result;
    const also = alsoBy.length === 0 ? '' : ` (also ${alsoBy.join(', ')})`;
    const words = passed
      ? '!! GOT THROUGH'
      : stoppedBy === undefined
        ? '-- nothing here to attack'
        : `${stoppedBy.layer}: ${stoppedBy.code}${also}`;
    const outcome = outcomes.get(attack.id);
    const onChain = (outcome?.lines ?? []).map((line) => `${' '.repeat(width + 4)}chain: ${line}`);
    return [`${attack.id.padEnd(width + 2)}${words.padEnd(56)}  twin ${TWINS[twin]}`, ...onChain];
  });
  const failed = played.filter(({ result }) => result.passed || result.twin === 'blocked');
  const details = failed.flatMap(({ attack, result }) => [
    '',
    `${attack.id}: ${attack.name} (${attack.source})`,
    `   ${result.words}`,
  ]);
  const stopped = played.filter(({ result }) => !result.passed).length;
  const passedTwins = played.filter(({ result }) => result.twin !== 'blocked').length;
  const { document } = setting.policy;
  return [
    `Policy ${document.id} version ${document.version}, wallet ${setting.wallet.name} on chain ${setting.chainId}.`,
    `Business it permits: ${setting.acts.length === 0 ? 'none that could be found' : ''}`.trimEnd(),
    ...setting.acts.map(({ what, verdict }) => `   ${verdict.decision.padEnd(8)}${what}`),
    '',
    ...lines,
    ...details,
    '',
    `${stopped} of ${played.length} attacks stopped, ${passedTwins} of ${played.length} twins let through.`,
    ok
      ? 'Every known attack is stopped, and honest business goes on.'
      : 'This policy is not ready: see the lines with !! and BLOCKED.',
  ].join('\n');
}

export function reportJson({ outcomes, ok, played, setting }: RedteamReport): JsonValue {
  return {
    ok,
    policy: { id: setting.policy.document.id, version: setting.policy.document.version },
    wallet: setting.wallet.name,
    chainId: String(setting.chainId),
    acts: setting.acts.map(({ what, verdict }) => ({ what, decision: verdict.decision })),
    cases: played.map(({ attack, result }) => {
      const { alsoBy, passed, stoppedBy, twin, words } = result;
      const outcome = outcomes.get(attack.id);
      return {
        id: attack.id,
        name: attack.name,
        family: attack.family,
        passed,
        ...(stoppedBy === undefined ? {} : { stoppedBy: { ...stoppedBy } }),
        alsoBy: [...alsoBy],
        twin,
        words,
        ...(outcome === undefined ? {} : { onChain: { changed: outcome.changed, lines: [...outcome.lines] } }),
      };
    }),
  };
}
