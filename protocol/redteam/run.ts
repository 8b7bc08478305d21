/**
 * Plays cases against a policy, the way an honest node would look at them: decode, assess with its own history, judge
 * with a ledger that counts. An attack is stopped if it is denied. `require` stops nothing: a person may be fooled.
 */
import { toHex } from '../common/bytes.ts';
import { type Decoded, decode } from '../payload/payload.ts';
import { assess } from '../payload/risk/assess.ts';
import { isObservedRisk, RISKS } from '../payload/risk/codes.ts';
import { HistoryIndex, type PlaceUse } from '../payload/risk/history.ts';
import { canonicalObservations, type Observation } from '../payload/risk/observed.ts';
import { type Reach, reachOf } from '../payload/risk/reach.ts';
import { unusual } from '../payload/risk/unusual.ts';
import { familiarOf, walletClassOf } from '../policy/familiar.ts';
import { judge } from '../policy/judge.ts';
import { Ledger } from '../policy/ledger.ts';
import type { Reason, Verdict } from '../policy/verdict.ts';
import type {
  AttackCase,
  CaseResult,
  PayloadStep,
  Setting,
  StoppedBy,
  StoppingLayer,
  Trial,
  TwinResult,
} from './types.ts';

/** A case and what became of it; `passing` is what a chain can be asked about. */
export interface Played {
  readonly attack: AttackCase;
  readonly result: CaseResult;
  /** Trials that got through, and the others. */
  readonly passing: readonly Trial[];
  readonly stopped: readonly Trial[];
}

export function play(setting: Setting, attack: AttackCase): Played {
  const trials = attack.build(setting).map((trial) => ({ trial, outcome: runTrial(setting, trial) }));
  const passing = trials.filter(({ outcome }) => outcome.stops.length === 0);
  const stops = trials.flatMap(({ outcome }) => outcome.stops);
  const [first] = stops;
  const isPassed = passing.length > 0;
  const twin = twinOf(setting, attack);
  const result: CaseResult = {
    id: attack.id,
    passed: isPassed,
    ...(isPassed || first === undefined ? {} : { stoppedBy: first }),
    alsoBy: isPassed ? [] : [...new Set(stops.map(({ layer }) => layer))].filter((layer) => layer !== first?.layer),
    twin: twin.result,
    words:
      trials.length === 0
        ? 'nothing to attack here'
        : isPassed
          ? wordsOf(passing.map(({ trial }) => trial.label))
          : twin.words,
  };
  const trialsOf = (items: typeof trials): readonly Trial[] => items.map(({ trial }) => trial);
  return {
    attack,
    result,
    passing: trialsOf(passing),
    stopped: trialsOf(trials.filter(({ outcome }) => outcome.stops.length > 0)),
  };
}

/** Of many ways the first few. */
function wordsOf(labels: readonly string[]): string {
  const more = labels.length > SHOWN ? `; and ${labels.length - SHOWN} more` : '';
  return `got through: ${labels.slice(0, SHOWN).join('; ')}${more}`;
}

const SHOWN = 3;

/** No layer: it got through. Else every layer that says no to the step where it ends, the most telling first. */
interface Outcome {
  readonly stops: readonly StoppedBy[];
  readonly decisions: readonly Verdict['decision'][];
}

const DAY = 24 * 3600;

/** Plays one trial on a node of its own, which has made the payments of this policy before. */
export function runTrial(setting: Setting, trial: Trial): Outcome {
  const node = new HonestNode(setting);
  const decisions: Verdict['decision'][] = [];
  for (const [i, step] of trial.steps.entries()) {
    if (step.kind === 'presented') {
      const stopped = step.judge(setting);
      if (stopped !== undefined) return { stops: [stopped], decisions };
      continue;
    }
    const { stops, decision } = node.ask(step, i);
    if (stops.length > 0) return { stops, decisions };
    decisions.push(decision);
  }
  return { stops: [], decisions };
}

function twinOf(setting: Setting, attack: AttackCase): { readonly result: TwinResult; readonly words: string } {
  const [act] = setting.acts;
  if (act === undefined) return { result: 'blocked', words: 'this policy permits no payment at all' };
  const twin = attack.twin(setting);
  const first: Trial = {
    label: act.what,
    steps: [{ kind: 'payload', payload: act.payload, initiator: act.initiator }],
  };
  const trial = twin === 'nothing-like-it' ? first : twin;
  const { stops, decisions } = runTrial(setting, trial);
  const [stopped] = stops;
  if (stopped !== undefined)
    return { result: 'blocked', words: `its twin, ${trial.label}, is stopped: ${stopped.words}` };
  return { result: decisions.includes('require') ? 'held-for-people' : 'through', words: trial.label };
}

/** One party: its history, its ledger, its open nonces. */
class HonestNode {
  readonly #setting: Setting;
  readonly #history = new HistoryIndex();
  readonly #ledger = new Ledger();
  readonly #places = new Map<string, PlaceUse[]>();

  constructor(setting: Setting) {
    this.#setting = setting;
    const { acts, now, wallet } = setting;
    for (const { payload } of acts) {
      const decoded = decode(payload);
      if (!decoded.ok) continue;
      const reach = reachOf(decoded.value, wallet.address, this.#chainOf(decoded.value));
      for (let times = 3; times > 0; times--) this.#history.add(reach, wallet.address, now - times * 30 * DAY);
    }
  }

  ask(
    { payload, observed = [], initiator, at, hoarded }: PayloadStep,
    index: number,
  ): { readonly stops: readonly StoppedBy[]; readonly decision: Verdict['decision'] } {
    const { setting, now } = { setting: this.#setting, now: at ?? this.#setting.now };
    const decoded = decode(payload);
    if (!decoded.ok) {
      const { code, message } = decoded.error;
      return { stops: [{ layer: 'decode', code, words: message }], decision: 'deny' };
    }
    const { policy, own, wallet } = setting;
    const reach = reachOf(decoded.value, wallet.address, this.#chainOf(decoded.value));
    const seen = canonicalObservations([...this.#unusual(decoded.value, reach, now), ...observed]);
    const key = `${index}/${toHex(decoded.value.digest)}`;
    const policies = { common: policy, ...(own === undefined ? {} : { own }) };
    const verdict = judge({
      assessment: assess(decoded.value, { wallet: wallet.address, observed: seen }),
      wallet,
      initiator: initiator ?? setting.initiator,
      now,
      common: policy,
      own,
      ledger: this.#ledger.view(now, policies),
    });
    if (verdict.decision === 'deny') return { stops: stopsOf(verdict), decision: 'deny' };
    this.#sign(decoded.value, reach, verdict, { key, now, hoarded: hoarded === true });
    return { stops: [], decision: verdict.decision };
  }

  #unusual(decoded: Decoded, reach: Reach, now: number): readonly Observation[] {
    const { policy, own, wallet } = this.#setting;
    const policies = own === undefined ? [policy] : [policy, own];
    return unusual({
      reach,
      wallet: wallet.address,
      digest: toHex(decoded.digest),
      history: this.#history,
      familiar: familiarOf([policy], [wallet.address], now),
      walletClass: walletClassOf(policies, wallet.name),
      uses: this.#places.get(reach.place ?? '') ?? [],
    });
  }

  #sign(
    decoded: Decoded,
    reach: Reach,
    verdict: Verdict,
    { key, now, hoarded }: { readonly key: string; readonly now: number; readonly hoarded: boolean },
  ): void {
    const { spend } = verdict;
    if (reach.place !== undefined) {
      const use: PlaceUse = { digest: toHex(decoded.digest), state: 'signed' };
      this.#places.set(reach.place, [...(this.#places.get(reach.place) ?? []), use]);
    }
    if (spend === undefined) return;
    this.#ledger.reserve(key, spend, '1', now + 3600, now);
    this.#ledger.release(key, now);
    const { place } = spend;
    if (!hoarded && (place.kind === 'account' || place.kind === 'safe')) this.#ledger.consumed(place, now);
  }

  #chainOf(decoded: Decoded): bigint | undefined {
    const { policy, wallet } = this.#setting;
    return decoded.chainId ?? policy.document.wallets.get(wallet.name)?.legacyChainId;
  }
}

/** What a person should hear first: what is wrong with the payload before what the policy does not name. */
const ORDER: readonly StoppingLayer[] = [
  'risk',
  'history',
  'flow',
  'limit',
  'rule',
  'chain-of-versions',
  'default-deny',
];

function stopsOf({ reasons }: Verdict): readonly StoppedBy[] {
  const denying = reasons.filter(({ code }) => !isMerelyHigh(code));
  return denying
    .map((reason) => ({ layer: layerOf(reason), code: reason.code, words: reason.detail }))
    .sort((a, b) => ORDER.indexOf(a.layer) - ORDER.indexOf(b.layer));
}

/** A high risk in the reasons of a denial is what a person would have been asked about; it denied nothing. */
function isMerelyHigh(code: string): boolean {
  return (
    Object.hasOwn(RISKS, code) && (RISKS as Readonly<Record<string, { severity: string }>>)[code]?.severity === 'high'
  );
}

const LAYERS: Readonly<Record<string, StoppingLayer>> = {
  DEFAULT_DENY: 'default-deny',
  UNKNOWN_WALLET: 'default-deny',
  UNKNOWN_INITIATOR: 'default-deny',
  WRONG_CHAIN: 'default-deny',
  FLOW_FORBIDDEN: 'flow',
  LIMIT_EXCEEDED: 'limit',
  LIMIT_UNKNOWN: 'limit',
  POLICY_EXPIRED: 'chain-of-versions',
  POLICY_NOT_EFFECTIVE: 'chain-of-versions',
};

function layerOf({ code }: Reason): StoppingLayer {
  const known = LAYERS[code];
  if (known !== undefined) return known;
  if (isObservedRisk(code)) return 'history';
  return Object.hasOwn(RISKS, code) ? 'risk' : 'rule';
}
