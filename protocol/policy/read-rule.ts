/** Readers of rules and limits: what is matched, and what is asked for. */
import { array, boolean, integer, literal, object, optional, problem, type Reader, text } from '../common/schema.ts';
import { PAYLOAD_KINDS } from '../payload/payload.ts';
import {
  MAX_APPROVERS,
  MAX_ARG_VALUE,
  MAX_ARGS,
  MAX_DELAY,
  MAX_GROUPS,
  MAX_LIMITS,
  MAX_NOTE,
  MAX_PARTIES,
  MAX_TIME_WINDOWS,
  MAX_TTL,
  MAX_WINDOW,
  MIN_TTL,
  MIN_WINDOW,
} from './limits.ts';
import {
  type AmountRange,
  ARG_OPERATORS,
  type ArgCondition,
  type GasCaps,
  type GroupQuorum,
  type Limit,
  type LimitMatch,
  MATCHED_OPERATIONS,
  MEASURES,
  type Obligation,
  PER_KEYS,
  type Rule,
  type RuleMatch,
  type TimeWindow,
  TX_TYPES,
} from './schema.ts';
import {
  ADDRESS_REFS,
  CALLDATA_HASH,
  CHAIN_ID,
  compare,
  NAME,
  PRINTABLE,
  RISK,
  SELECTOR,
  SYMBOL,
  set,
  TRIMMED,
  TYPE_HASH,
  UINT256,
} from './values.ts';

const AMOUNT: Reader<AmountRange> = object<AmountRange>({ max: optional(UINT256), min: optional(UINT256) });

const GAS: Reader<GasCaps> = object<GasCaps>({ limitMax: optional(UINT256), maxFeePerGasMax: optional(UINT256) });

/** Names and indices, joined by dots; what a decoded argument can be called. */
export const ARG_PATH: RegExp = /^[A-Za-z0-9_]{1,40}(\.[A-Za-z0-9_]{1,40}){0,7}$/;

/** What there is of a text to compare with: printable, no white space at its ends to overlook. */
const ARG_VALUE: Reader<string> = text({ min: 1, max: MAX_ARG_VALUE, pattern: TRIMMED });

const ARG_VALUES: Reader<string | readonly string[]> = (value, field) =>
  typeof value === 'string' ? ARG_VALUE(value, field) : set(ARG_VALUE)(value, field);

const ARG: Reader<ArgCondition> = object<ArgCondition>({
  arg: text({ min: 1, max: MAX_ARG_VALUE, pattern: ARG_PATH }),
  op: literal(...ARG_OPERATORS),
  value: ARG_VALUES,
});

/** Sorted, since all must hold in whatever order. */
const ARGS: Reader<readonly ArgCondition[]> = sorted(array(ARG, { min: 1, max: MAX_ARGS }), ({ arg, op, value }) =>
  JSON.stringify([arg, op, value]),
);

export const HOUR_PATTERN: RegExp = /^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/;
const HOUR: Reader<string> = text({ min: 5, max: 5, pattern: HOUR_PATTERN });

const WINDOW: Reader<TimeWindow> = object<TimeWindow>({ days: set(integer({ max: 6 })), from: HOUR, to: HOUR });

const TIMES: Reader<readonly TimeWindow[]> = sorted(
  array(WINDOW, { min: 1, max: MAX_TIME_WINDOWS }),
  ({ days, from, to }) => `${days.join(',')} ${from} ${to}`,
);

const MATCH: Reader<RuleMatch> = object<RuleMatch>({
  amount: optional(AMOUNT),
  args: optional(ARGS),
  assets: optional(set(SYMBOL)),
  calldataHash: optional(CALLDATA_HASH),
  chainIds: optional(set(CHAIN_ID)),
  counterparties: optional(ADDRESS_REFS),
  fee: optional(object<{ readonly totalMax: bigint }>({ totalMax: UINT256 })),
  gas: optional(GAS),
  initiators: optional(set(NAME)),
  kinds: optional(set(literal(...PAYLOAD_KINDS))),
  nativeValue: optional(object<{ readonly max: bigint }>({ max: UINT256 })),
  operations: optional(set(literal(...MATCHED_OPERATIONS))),
  risks: optional(set(RISK)),
  safes: optional(ADDRESS_REFS),
  selectors: optional(set(SELECTOR)),
  time: optional(TIMES),
  to: optional(ADDRESS_REFS),
  txTypes: optional(set(literal(...TX_TYPES))),
  typeHashes: optional(set(TYPE_HASH)),
  wallets: optional(set(NAME)),
});

const GROUP: Reader<GroupQuorum> = object<GroupQuorum>({
  group: NAME,
  quorum: integer({ min: 1, max: MAX_APPROVERS }),
});

const OBLIGATION: Reader<Obligation> = object<Obligation>({
  delaySec: optional(integer({ max: MAX_DELAY })),
  distinctDevices: optional(boolean),
  groups: optional(sorted(array(GROUP, { min: 1, max: MAX_GROUPS }), ({ group }) => group)),
  holder: optional(boolean),
  rejects: optional(integer({ min: 1, max: MAX_APPROVERS })),
  ttlSec: optional(integer({ min: MIN_TTL, max: MAX_TTL })),
});

export const RULE: Reader<Rule> = object<Rule>({
  consents: optional(integer({ min: 1, max: MAX_PARTIES })),
  effect: literal('allow', 'require', 'deny'),
  id: NAME,
  match: MATCH,
  note: optional(text({ max: MAX_NOTE, pattern: PRINTABLE })),
  rejections: optional(integer({ min: 1, max: MAX_PARTIES })),
  require: optional(OBLIGATION),
});

const LIMIT_MATCH: Reader<LimitMatch> = object<LimitMatch>({
  chainIds: optional(set(CHAIN_ID)),
  counterparties: optional(ADDRESS_REFS),
  initiators: optional(set(NAME)),
  kinds: optional(set(literal(...PAYLOAD_KINDS))),
  selectors: optional(set(SELECTOR)),
  wallets: optional(set(NAME)),
});

const EXCESS: Reader<{ readonly require: Obligation }> = object<{ readonly require: Obligation }>({
  require: OBLIGATION,
});

const LIMIT: Reader<Limit> = object<Limit>({
  asset: optional(SYMBOL),
  id: NAME,
  match: optional(LIMIT_MATCH),
  max: UINT256,
  measure: literal(...MEASURES),
  note: optional(text({ max: MAX_NOTE, pattern: PRINTABLE })),
  onExceed: optional((value, field) => (value === 'deny' ? value : EXCESS(value, field))),
  per: optional(set(literal(...PER_KEYS))),
  windowSec: optional(integer({ min: MIN_WINDOW, max: MAX_WINDOW })),
});

/** In the order of the file, so that check.ts can point at one. */
export const LIMITS: Reader<readonly Limit[]> = array(LIMIT, { max: MAX_LIMITS });

/** The same twice is a slip of the pen. */
function sorted<T>(list: Reader<readonly T[]>, key: (item: T) => string): Reader<readonly T[]> {
  return (value, field) => {
    const items = list(value, field).map((item) => ({ item, key: key(item) }));
    const seen = new Set<string>();
    for (const [i, entry] of items.entries()) {
      if (seen.has(entry.key)) problem(`${field}[${i}]`, 'is there twice; remove one');
      seen.add(entry.key);
    }
    return items.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item);
  };
}
