/** What `keymoot policy redteam` prints: a line for each case, then whatever did not go as it should. */
import type { JsonValue } from '../../proto/control/message.ts';
import { formatTable } from '../../proto/control/terminal.ts';
import type { ChainOutcome } from '../../protocol/redteam/chain.ts';
import type { Played } from '../../protocol/redteam/run.ts';
import type { Setting } from '../../protocol/redteam/types.ts';

export interface RedteamReport {
  readonly setting: Setting;
  readonly played: readonly Played[];
  /** By case. */
  readonly outcomes: ReadonlyMap<string, ChainOutcome>;
  /** No case passed, and no twin is blocked. */
  readonly ok: boolean;
}

const TWINS = { through: 'through', 'held-for-people': 'through people', blocked: 'BLOCKED' } as const;

export function reportWords({ outcomes, ok, played, setting }: RedteamReport): string {
  const { document } = setting.policy;
  const failed = played.filter(({ result }) => result.passed || result.twin === 'blocked');
  const shown = played.filter((one) => outcomes.has(one.attack.id) && !failed.includes(one));
  return [
    `Policy ${document.id} version ${document.version}, wallet ${setting.wallet.name} on chain ${setting.chainId}.`,
    setting.acts.length === 0
      ? 'It permits no payment that could be found.'
      : 'What it permits, and the attacks are made from:',
    ...setting.acts.map(({ what, verdict }) => `   ${verdict.decision.padEnd(8)}${what}`),
    '',
    formatTable([['case', 'ended by', 'code', 'also', 'twin', 'what was tried'], ...played.map(row)]),
    ...failed.flatMap((one) => failure(one, outcomes)),
    ...(shown.length === 0 ? [] : ['', 'Had they been signed all the same:']),
    ...shown.flatMap((one) => briefly(one, outcomes)),
    '',
    summary(played),
    ok
      ? 'Every known attack is stopped, and honest business goes on.'
      : 'This policy is not ready: see the lines with GOT THROUGH and BLOCKED.',
  ].join('\n');
}

function row({ attack, result }: Played): readonly string[] {
  const { alsoBy, passed, stoppedBy, twin } = result;
  const [layer, code] = passed
    ? ['!!', 'GOT THROUGH']
    : [stoppedBy?.layer ?? '-', stoppedBy?.code ?? 'nothing to attack'];
  return [attack.id, layer, code, alsoBy.join(' '), TWINS[twin], attack.name];
}

function failure({ attack, result }: Played, outcomes: RedteamReport['outcomes']): readonly string[] {
  const lines = (outcomes.get(attack.id)?.lines ?? []).map((line) => `      on a chain: ${line}`);
  return ['', `${attack.id}: ${attack.name} (${attack.source})`, `   ${result.words}`, ...lines];
}

/** The way, and what it changed or why it did not. */
function briefly({ attack }: Played, outcomes: RedteamReport['outcomes']): readonly string[] {
  const outcome = outcomes.get(attack.id);
  const [first = '', ...rest] = outcome?.lines ?? [];
  const lines = outcome?.changed === true ? rest.slice(0, SHOWN) : [first];
  return [`   ${attack.id}: ${lines.join('; ')}`];
}

const SHOWN = 3;

function summary(played: readonly Played[]): string {
  const passed = played.filter(({ result }) => result.passed).length;
  const idle = played.filter(({ result }) => !result.passed && result.stoppedBy === undefined).length;
  const blocked = played.filter(({ result }) => result.twin === 'blocked').length;
  const none = idle === 0 ? '' : `, ${idle} ${idle === 1 ? 'finds' : 'find'} nothing to attack`;
  return `${played.length} attacks: ${played.length - passed - idle} stopped, ${passed} got through${none}. Twins blocked: ${blocked}.`;
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
