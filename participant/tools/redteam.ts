/** `keymoot policy redteam`: the attacks of protocol/redteam against a policy of one's own (docs/policy-tools.md). */
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { type Address, parseAddress } from '../../protocol/payload/address.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { CASES } from '../../protocol/redteam/catalogue.ts';
import type { ChainOutcome, ChainRunner } from '../../protocol/redteam/chain.ts';
import { chainOrders } from '../../protocol/redteam/orders.ts';
import { play } from '../../protocol/redteam/run.ts';
import { settingOf } from '../../protocol/redteam/setting.ts';
import { systemClock } from '../clock.ts';
import { type RedteamReport, reportJson, reportWords } from './redteam-lines.ts';

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
  // A policy that lets one through is best understood by all that it should stand against.
  const orders = chainOrders(setting.value, played, order.all === true || order.onChain !== true);
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
