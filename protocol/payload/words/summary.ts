/**
 * The top of the screen: what leaves, who may take what, who rules over what, added up over all calls. And, as loud,
 * that something could not be added up.
 */
import { isAddress } from '../calldata/arguments.ts';
import type { Call, ControlChange, Executor, Movement } from '../calldata/call.ts';
import { KNOWN_FUNCTIONS } from '../calldata/table.ts';
import type { Decoded } from '../payload.ts';
import type { Risk, RiskCode } from '../risk/codes.ts';
import { counted, wrapped } from './lines.ts';
import { amountWords, totalWords } from './money.ts';
import type { AddressBook } from './names.ts';

/** As many different movements as a person reads; all of them stand with their calls. */
const MAX_GROUPS = 8;

/** A call with one of these can do more than its movements say. */
const UNCOUNTED: ReadonlySet<RiskCode> = new Set<RiskCode>([
  'DELEGATECALL_UNTRUSTED',
  'UNDECODED',
  'UNKNOWN_TYPED_DATA',
  'CONTRACT_CREATE',
  'USER_OPERATION',
  'ROUTER',
  'EIP7702_AUTH',
  'RAW_MESSAGE',
]);

/** The same, where neither movements nor calls below nor a change of control say what happens. */
const UNCOUNTED_ALONE: ReadonlySet<RiskCode> = new Set<RiskCode>(['APPROVE_HASH', 'MODULE_EXEC', 'ORDER_SIG']);

export function summaryLines(decoded: Decoded, risks: readonly Risk[], book: AddressBook): readonly string[] {
  const groups = grouped(decoded.calls);
  const gone = groups.filter(({ movement }) => movement.kind !== 'approve');
  const allowed = groups.filter(({ movement }) => movement.kind === 'approve');
  const lines = [
    ...section('WHAT LEAVES, AND WHO GETS IT', 'to', gone, decoded, book),
    ...section('WHO MAY TAKE WHAT FROM THEN ON, AT ANY TIME', 'by', allowed, decoded, book),
    ...operatorLines(decoded, book),
    ...controlLines(decoded, book),
    ...uncountedLines(decoded.calls, risks, groups.length === 0 ? 'WHAT CAN HAPPEN' : 'WHAT ELSE CAN HAPPEN'),
  ];
  if (lines.length > 0) return lines;
  const found = ['', 'No movement of money, and no permission to take any, can be read from this.'];
  if (decoded.root.operation === 'authorize') {
    return [...found, 'What the signature is good for is up to whoever accepts it.'];
  }
  return decoded.calls.some(({ data }) => data.length > 0)
    ? [...found, 'What the functions below move by themselves does not stand in their arguments.']
    : found;
}

/** A permission over everything of a contract, which no amount stands for. */
function operatorLines(decoded: Decoded, book: AddressBook): readonly string[] {
  const lines = decoded.calls.flatMap(({ call, from, operation, to }) => {
    const [operator, approved] = call?.name === 'setApprovalForAll' ? call.args.map(({ value }) => value) : [];
    if (operation !== 'call' || to === undefined || !isAddress(operator) || approved !== true) return [];
    return [
      `  !! ALL NFTs of token ${book.shown(to)}, now and later`,
      `    from ${executorWords(from, decoded, book)}`,
      `    by ${book.shown(operator)}`,
    ];
  });
  return lines.length === 0 ? [] : ['', 'WHO MAY TAKE EVERYTHING OF A KIND FROM THEN ON, AT ANY TIME', ...lines];
}

/** Who executes, in words. The Safe whose transaction it is stands in the heading, in full. */
export function executorWords(who: Executor, decoded: Decoded, book: AddressBook): string {
  if (who === 'wallet') return 'the wallet';
  if (relaysOf(decoded).has(who)) return `${book.shown(who)} or an account it acts for (not in these bytes)`;
  return who === decoded.safeTx?.safe ? 'the Safe' : book.shown(who);
}

const RELAYS = new WeakMap<Decoded, ReadonlySet<Executor>>();

/** Who hands calls on: whose money they move, and whose rules they change, is written on the chain and nowhere else. */
function relaysOf(decoded: Decoded): ReadonlySet<Executor> {
  const known = RELAYS.get(decoded);
  if (known !== undefined) return known;
  const relays = decoded.calls.flatMap(({ operation, selector, to }) => {
    const relay = operation === 'call' && selector !== undefined && KNOWN_FUNCTIONS.get(selector)?.relays === true;
    return relay && to !== undefined ? [to] : [];
  });
  const found = new Set<Executor>(relays);
  RELAYS.set(decoded, found);
  return found;
}

interface Group {
  readonly movement: Movement;
  readonly amount: bigint;
  readonly count: number;
}

/** Equal but for the amount: the same asset, from the same account, to the same counterparty. Approvals do not add up. */
function grouped(calls: readonly Call[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const movement of calls.flatMap(({ movements }) => movements)) {
    const { amount, asset, counterparty, kind, owner, tokenId } = movement;
    const single = kind === 'approve' ? `${amount}` : '';
    const key = `${kind === 'approve'} ${asset} ${counterparty} ${owner} ${tokenId ?? ''} ${single}`;
    const old = groups.get(key);
    const sum = kind === 'approve' ? amount : (old?.amount ?? 0n) + amount;
    groups.set(key, { movement, amount: sum, count: (old?.count ?? 0) + 1 });
  }
  return [...groups.values()];
}

function section(
  title: string,
  preposition: string,
  groups: readonly Group[],
  decoded: Decoded,
  book: AddressBook,
): readonly string[] {
  if (groups.length === 0) return [];
  const { chainId } = decoded;
  const lines = groups.slice(0, MAX_GROUPS).flatMap(({ movement, amount, count }) => {
    const { counterparty, owner } = movement;
    const other = counterparty === 'created' ? 'the contract that is created' : book.shown(counterparty);
    const from = `    from ${executorWords(owner, decoded, book)}`;
    // Two addresses do not fit into one line.
    const way = from.includes('0x') ? [from, `    ${preposition} ${other}`] : [`${from} ${preposition} ${other}`];
    return [`  ${amountWords({ ...movement, amount }, chainId)}${count > 1 ? `, in ${count} calls` : ''}`, ...way];
  });
  if (groups.length > MAX_GROUPS) {
    lines.push(`  and ${groups.length - MAX_GROUPS} more, each of them listed with its call below`);
  }
  return ['', title, ...lines, ...totals(groups, chainId)];
}

/** Sums by asset, where there is more than one line of it. Permissions are no sums. */
function totals(groups: readonly Group[], chainId: bigint | undefined): readonly string[] {
  const sums = new Map<Movement['asset'], { amount: bigint; count: number; receivers: Set<string> }>();
  for (const { movement, amount, count } of groups) {
    if (movement.kind === 'approve' || movement.tokenId !== undefined) continue;
    const sum = sums.get(movement.asset) ?? { amount: 0n, count: 0, receivers: new Set<string>() };
    sum.receivers.add(movement.counterparty);
    sums.set(movement.asset, { amount: sum.amount + amount, count: sum.count + count, receivers: sum.receivers });
  }
  return [...sums]
    .filter(([, { receivers }]) => receivers.size > 1)
    .map(([asset, { amount, count, receivers }]) => {
      return `  IN ALL ${totalWords(asset, amount, chainId)} in ${counted(count, 'call')} to ${receivers.size} addresses`;
    });
}

const AREAS: Readonly<Record<ControlChange['area'], string>> = {
  owners: 'the list of owners',
  threshold: 'how many owners must sign',
  module: 'who can spend without the owners (a module)',
  guard: 'the guard that checks transactions',
  'module-guard': 'the guard that checks modules',
  'fallback-handler': 'the handler that answers for it',
  singleton: 'its code',
  code: 'its code',
  setup: 'its whole set-up',
  ownership: 'its owner or a role',
  upgrade: 'its code, or who may replace it',
};

function controlLines(decoded: Decoded, book: AddressBook): readonly string[] {
  const changes = decoded.calls.flatMap(({ controlChange, path }) =>
    controlChange === undefined ? [] : [{ controlChange, path }],
  );
  if (changes.length === 0) return [];
  const lines = changes
    .slice(0, MAX_GROUPS)
    .flatMap(({ controlChange, path }) => [
      `  !! call ${path} changes ${AREAS[controlChange.area] ?? controlChange.area}`,
      `     of ${executorWords(controlChange.account, decoded, book)}`,
    ]);
  const more = changes.length - MAX_GROUPS;
  return ['', 'WHO RULES', ...lines, ...(more > 0 ? [`  !! and ${counted(more, 'more change')}, listed below`] : [])];
}

/** Said even where something was counted, since a sum that is not the whole looks like one. */
function uncountedLines(calls: readonly Call[], risks: readonly Risk[], title: string): readonly string[] {
  const alone = new Set(calls.filter(isAlone).map(({ path }) => path));
  const isUncounted = ({ code, path }: Risk): boolean =>
    UNCOUNTED.has(code) || (UNCOUNTED_ALONE.has(code) && alone.has(path));
  const paths = new Set(risks.filter(isUncounted).map(({ path }) => path));
  for (const { closed, path } of calls) if (closed === true) paths.add(path);
  if (paths.size === 0) return [];
  const shown = [...paths].slice(0, 6).join(', ');
  const more = paths.size > 6 ? ` and ${paths.size - 6} more` : '';
  const which = `${paths.size === 1 ? 'call' : 'calls'} ${shown}${more}`;
  const text = `CANNOT BE TOLD for ${which}. It can do anything, up to taking everything.`;
  return ['', title, ...wrapped('  !! ', text)];
}

function isAlone({ children, controlChange, movements }: Call): boolean {
  return children.length === 0 && controlChange === undefined && movements.length === 0;
}
