/** The address book of two versions. New entries permit more payments; each is signed by whom it names. */
import type { Counterparty, CounterpartyAddress, PolicyDocument } from '../schema.ts';
import { narrows, type PolicyChange, widens } from './change.ts';
import { timeWords } from './values.ts';

type Book = ReadonlyMap<string, Counterparty>;

export function compareBooks(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  const [before, after] = [bookOf(old), bookOf(next)];
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): readonly PolicyChange[] => {
    const path = `counterparties.${name}`;
    const [was, is] = [before.get(name), after.get(name)];
    if (was === undefined && is !== undefined) return [widens(path, `new counterparty ${entryWords(name, is)}`)];
    if (is === undefined && was !== undefined) return [narrows(path, `counterparty removed: ${entryWords(name, was)}`)];
    if (was === undefined || is === undefined || isEqual(was, is)) return [];
    const words = `counterparty "${name}" is ${entryWords(name, is)}, was ${entryWords(name, was)}`;
    return [isSameEntry(was, is) && isWithin(is, was) ? narrows(path, words) : widens(path, words)];
  });
}

/** Whether nothing else differs than that entries were added, or replaced by a later one of the same identity. */
export function isBookChange(old: PolicyDocument, next: PolicyDocument, changes: readonly PolicyChange[]): boolean {
  const [before, after] = [bookOf(old), bookOf(next)];
  const isKept = [...before].every(([name, was]) => {
    const is = after.get(name);
    if (is === undefined || !isSameEntry(was, is)) return false;
    if (isEqual(was, is)) return true;
    return is.version > was.version && (isWithin(was, is) || !isHeldAgainst(name, next));
  });
  return isKept && changes.length > 0 && changes.every(({ path }) => path.startsWith('counterparties.'));
}

/** A denial or a limit names the entry: with an address less it would strike at less. */
function isHeldAgainst(name: string, { limits = [], rules }: PolicyDocument): boolean {
  const refs = [
    ...rules.flatMap(({ effect, match }) =>
      effect === 'deny' ? [...(match.to ?? []), ...(match.safes ?? []), ...(match.counterparties ?? [])] : [],
    ),
    ...limits.flatMap(({ match }) => match?.counterparties ?? []),
  ];
  const isArgument = rules.some(
    ({ effect, match }) => effect === 'deny' && match.args?.some(({ op }) => op === 'inList'),
  );
  return isArgument || refs.some((ref) => ref === `@${name}` || ref === '@book');
}

function bookOf({ counterparties }: PolicyDocument): Book {
  return counterparties ?? new Map<string, Counterparty>();
}

function isEqual(was: Counterparty, is: Counterparty): boolean {
  return (
    isSameEntry(was, is) &&
    was.signature === is.signature &&
    was.version === is.version &&
    was.created === is.created &&
    isWithin(was, is) &&
    isWithin(is, was)
  );
}

function isSameEntry(was: Counterparty, is: Counterparty): boolean {
  return was.identity === is.identity && was.label === is.label;
}

function isWithin(is: Counterparty, was: Counterparty): boolean {
  const until = (entry: Counterparty): number => entry.expires ?? Number.POSITIVE_INFINITY;
  const keys = new Set(was.addresses.map(addressWords));
  return until(is) <= until(was) && is.addresses.every((address) => keys.has(addressWords(address)));
}

function entryWords(name: string, { addresses, expires, identity, label, version }: Counterparty): string {
  const until = expires === undefined ? '' : `, until ${timeWords(expires)}`;
  return `"${name}" = "${label}" version ${version}, identity ${identity}: ${addresses.map(addressWords).join(', ')}${until}`;
}

function addressWords({ address, chainId, kind }: CounterpartyAddress): string {
  return `${kind} ${address} on chain ${chainId}`;
}
