/**
 * JSON Schema (draft 2020-12) of policy files, made from the same caps and patterns as the readers. It is for editors and
 * other tools: a file that it refuses is invalid, and one that it accepts may still refer to nothing (check.ts).
 */
import { PAYLOAD_KINDS } from '../payload/payload.ts';
import * as caps from './limits.ts';
import { KEY_PATTERN, MAX_KEY } from './read-people.ts';
import { ARG_PATH, HOUR_PATTERN } from './read-rule.ts';
import {
  ARG_OPERATORS,
  COUNTERPARTY_KINDS,
  MATCHED_OPERATIONS,
  MEASURES,
  PER_KEYS,
  POLICY_SCHEMA,
  TX_TYPES,
} from './schema.ts';
import { NAME_PATTERN, PRINTABLE, RISK_PATTERN, SYMBOL_PATTERN, TRIMMED } from './values.ts';

/** A JSON value; unlike those of statements it has numbers. */
export type SchemaValue =
  | string
  | number
  | boolean
  | readonly SchemaValue[]
  | { readonly [keyword: string]: SchemaValue };
type Node = { readonly [keyword: string]: SchemaValue };
type Fields = { readonly [field: string]: Node };

const WHOLE = '^(0|[1-9][0-9]{0,77})$';

function text(pattern: RegExp | string, minLength: number, maxLength: number): Node {
  return { type: 'string', pattern: typeof pattern === 'string' ? pattern : pattern.source, minLength, maxLength };
}

/** Small numbers may be written either way. */
function integer(minimum: number, maximum: number): Node {
  return {
    anyOf: [
      { type: 'integer', minimum, maximum },
      { type: 'string', pattern: WHOLE },
    ],
  };
}

function choice(...values: readonly string[]): Node {
  return { enum: values };
}

function list(items: Node, minItems: number, maxItems: number): Node {
  return { type: 'array', items, minItems, maxItems };
}

/** A value twice is refused. */
function set(items: Node): Node {
  return { ...list(items, 1, caps.MAX_MATCH_VALUES), uniqueItems: true };
}

function dictionary(names: RegExp, values: Node, maxProperties: number): Node {
  return { type: 'object', propertyNames: { pattern: names.source }, additionalProperties: values, maxProperties };
}

/** `title` is the heading of docs/policy.md under which the fields are described; without one they are with the parent. */
function object(title: string, required: readonly string[], properties: Fields): Node {
  const named = title === '' ? {} : { title };
  return { ...named, type: 'object', properties, required, additionalProperties: false };
}

const ref = (name: string): Node => ({ $ref: `#/$defs/${name}` });
const NAME = text(NAME_PATTERN, 1, caps.MAX_NAME);
const NOTE = text(PRINTABLE, 0, caps.MAX_NOTE);
const SYMBOL = text(SYMBOL_PATTERN, 1, caps.MAX_NAME);
const RISK = text(RISK_PATTERN, 1, caps.MAX_NAME);
const TIME = integer(0, caps.MAX_TIME);
const AMOUNT: Node = { type: 'string', pattern: WHOLE };
const CHAIN: Node = {
  anyOf: [
    { type: 'integer', minimum: 1, maximum: Number(caps.MAX_CHAIN_ID) },
    { type: 'string', pattern: '^[1-9][0-9]{0,15}$' },
  ],
};
const ADDRESS: Node = { type: 'string', pattern: '^0x[0-9a-fA-F]{40}$' };
const ADDRESS_REF: Node = { anyOf: [{ type: 'string', pattern: `^@${NAME_PATTERN.source.slice(1)}` }, ADDRESS] };
const HASH: Node = { type: 'string', pattern: '^0x[0-9a-f]{64}$' };
const SELECTORS = set({ type: 'string', pattern: '^(0x[0-9a-f]{8}|none)$' });
const PERSON = text(TRIMMED, 1, caps.MAX_PERSON);
const VALUE = text(TRIMMED, 1, caps.MAX_ARG_VALUE);
const QUORUM = integer(1, caps.MAX_APPROVERS);
const COUNT = integer(1, caps.MAX_PARTIES);
const DELAY = integer(0, caps.MAX_DELAY);

/** Fields that rules and limits share. */
const SHARED: Fields = {
  wallets: set(NAME),
  chainIds: set(CHAIN),
  initiators: set(NAME),
  kinds: set(choice(...PAYLOAD_KINDS)),
  counterparties: ref('addresses'),
  selectors: SELECTORS,
};

const MATCH = object('Match fields', [], {
  ...SHARED,
  operations: set(choice(...MATCHED_OPERATIONS)),
  to: ref('addresses'),
  safes: ref('addresses'),
  assets: set(SYMBOL),
  amount: object('', [], { min: AMOUNT, max: AMOUNT }),
  nativeValue: object('', ['max'], { max: AMOUNT }),
  fee: object('', ['totalMax'], { totalMax: AMOUNT }),
  gas: object('', [], { limitMax: AMOUNT, maxFeePerGasMax: AMOUNT }),
  txTypes: set(choice(...TX_TYPES)),
  calldataHash: HASH,
  typeHashes: set(HASH),
  args: list(ref('argument'), 1, caps.MAX_ARGS),
  time: list(ref('hours'), 1, caps.MAX_TIME_WINDOWS),
  risks: set(RISK),
});

const ARGUMENT = object('Conditions on arguments', ['arg', 'op', 'value'], {
  arg: text(ARG_PATH, 1, caps.MAX_ARG_VALUE),
  op: choice(...ARG_OPERATORS),
  value: { anyOf: [VALUE, set(VALUE)] },
});

const HOURS = object('Hours', ['days', 'from', 'to'], {
  days: set(integer(0, 6)),
  from: { type: 'string', pattern: HOUR_PATTERN.source },
  to: { type: 'string', pattern: HOUR_PATTERN.source },
});

const OBLIGATION = object('Obligations', [], {
  groups: list(object('', ['group', 'quorum'], { group: NAME, quorum: QUORUM }), 1, caps.MAX_GROUPS),
  holder: { type: 'boolean' },
  distinctDevices: { type: 'boolean' },
  ttlSec: integer(caps.MIN_TTL, caps.MAX_TTL),
  delaySec: DELAY,
  rejects: integer(1, caps.MAX_APPROVERS),
});

const RULE = object('Rules', ['id', 'effect', 'match'], {
  id: NAME,
  effect: choice('allow', 'require', 'deny'),
  match: ref('match'),
  consents: COUNT,
  rejections: COUNT,
  require: ref('obligation'),
  note: NOTE,
});

const LIMIT = object('Limits', ['id', 'measure', 'max'], {
  id: NAME,
  measure: choice(...MEASURES),
  asset: SYMBOL,
  windowSec: integer(caps.MIN_WINDOW, caps.MAX_WINDOW),
  max: AMOUNT,
  per: set(choice(...PER_KEYS)),
  match: object('', [], SHARED),
  onExceed: { anyOf: [{ const: 'deny' }, object('', ['require'], { require: ref('obligation') })] },
  note: NOTE,
});

const WALLET = object('Wallets', [], {
  chainIds: set(CHAIN),
  legacyChainId: CHAIN,
  class: choice('cold', 'middle', 'hot'),
  accounts: set(ADDRESS),
});

const LISTED = object('Address lists', ['chainId', 'address', 'label'], {
  chainId: CHAIN,
  address: ADDRESS,
  label: text(PRINTABLE, 0, caps.MAX_LABEL),
});

const ASSET = object('Assets', ['chainId', 'address', 'decimals'], {
  chainId: CHAIN,
  address: { anyOf: [{ const: 'native' }, ADDRESS] },
  decimals: integer(0, caps.MAX_DECIMALS),
});

const FLOW = object('Flows', ['from', 'to'], { from: NAME, to: NAME });

const APPROVER = object('Approvers', ['person', 'device', 'key'], {
  person: PERSON,
  device: PERSON,
  key: text(KEY_PATTERN, 1, MAX_KEY),
  transportKey: HASH,
});

const COUNTERPARTY = object('The address book', ['label', 'identity', 'addresses', 'version', 'created', 'signature'], {
  label: text(PRINTABLE, 1, caps.MAX_LABEL),
  identity: HASH,
  addresses: list(
    object('', ['chainId', 'address', 'kind'], {
      chainId: CHAIN,
      address: ADDRESS,
      kind: choice(...COUNTERPARTY_KINDS),
    }),
    1,
    caps.MAX_COUNTERPARTY_ADDRESSES,
  ),
  version: integer(1, caps.MAX_VERSION),
  created: TIME,
  expires: TIME,
  signature: { type: 'string', pattern: '^0x[0-9a-f]{128}$' },
});

const ADMIN = object('Admin', ['group', 'quorum', 'widenDelaySec'], {
  group: NAME,
  quorum: QUORUM,
  widenDelaySec: DELAY,
  freezeGroup: NAME,
  book: object('', ['group', 'quorum', 'delaySec'], { group: NAME, quorum: QUORUM, delaySec: DELAY }),
});

const FILE = object('The file', ['schema', 'id', 'version', 'wallets', 'rules'], {
  schema: { const: POLICY_SCHEMA },
  id: NAME,
  version: integer(1, caps.MAX_VERSION),
  parentHash: HASH,
  effectiveAt: TIME,
  expiresAt: TIME,
  unmatched: choice('deny', 'defer'),
  wallets: dictionary(NAME_PATTERN, ref('wallet'), caps.MAX_WALLETS),
  addressLists: dictionary(NAME_PATTERN, list(ref('listed'), 0, caps.MAX_LIST_ENTRIES), caps.MAX_LISTS),
  assets: dictionary(SYMBOL_PATTERN, ref('asset'), caps.MAX_ASSETS),
  rules: list(ref('rule'), 0, caps.MAX_RULES),
  limits: list(ref('limit'), 0, caps.MAX_LIMITS),
  flows: list(ref('flow'), 0, caps.MAX_FLOWS),
  hardDeny: set(RISK),
  approvers: dictionary(NAME_PATTERN, ref('approver'), caps.MAX_APPROVERS),
  groups: dictionary(NAME_PATTERN, set(NAME), caps.MAX_GROUPS),
  counterparties: dictionary(NAME_PATTERN, ref('counterparty'), caps.MAX_COUNTERPARTIES),
  admin: ref('admin'),
  signatures: list({ type: 'object' }, 0, caps.MAX_SIGNATURES),
});

export function policySchema(): Node {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...FILE,
    $defs: {
      addresses: { anyOf: [ADDRESS_REF, set(ADDRESS_REF)] },
      admin: ADMIN,
      approver: APPROVER,
      argument: ARGUMENT,
      asset: ASSET,
      counterparty: COUNTERPARTY,
      flow: FLOW,
      hours: HOURS,
      limit: LIMIT,
      listed: LISTED,
      match: MATCH,
      obligation: OBLIGATION,
      rule: RULE,
      wallet: WALLET,
    },
  };
}
