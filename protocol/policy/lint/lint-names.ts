/** What is declared and not used, and addresses that are easily taken for each other. */
import type { Address } from '../../payload/address.ts';
import { AddressIndex } from '../../payload/risk/address-index.ts';
import type { Policy } from '../prepare.ts';
import type { AddressRef, Obligation, PolicyDocument } from '../schema.ts';
import { finding, type LintCode, type LintFinding } from './finding.ts';

export function lintNames({ document }: Policy): readonly LintFinding[] {
  const used = usedNames(document);
  const unused = (
    code: LintCode,
    room: string,
    names: Iterable<string>,
    isUsed: ReadonlySet<string>,
  ): readonly LintFinding[] =>
    [...names]
      .filter((name) => !isUsed.has(name))
      .map((name) =>
        finding(code, `${room}.${name}`, `No rule, limit or group uses "${name}".`, 'Use it, or remove it.'),
      );
  return [
    ...unused('LINT_UNUSED_LIST', 'addressLists', document.addressLists.keys(), used.lists),
    ...unused('LINT_UNUSED_ASSET', 'assets', document.assets.keys(), used.assets),
    ...unused('LINT_UNUSED_GROUP', 'groups', document.groups?.keys() ?? [], used.groups),
    ...unused('LINT_UNUSED_APPROVER', 'approvers', document.approvers?.keys() ?? [], used.approvers),
    ...lookalikes(document),
  ];
}

interface Used {
  readonly lists: ReadonlySet<string>;
  readonly assets: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly approvers: ReadonlySet<string>;
}

function usedNames({ admin, groups, limits = [], rules }: PolicyDocument): Used {
  const lists = new Set<string>();
  const assets = new Set<string>();
  const inGroups = new Set([admin?.group, admin?.freezeGroup, admin?.book?.group].flatMap((name) => name ?? []));
  const addRefs = (refs: readonly AddressRef[] | undefined): void => {
    for (const ref of refs ?? []) if (ref.startsWith('@')) lists.add(ref.slice(1));
  };
  const addGroups = (obligation: Obligation | undefined): void => {
    for (const { group } of obligation?.groups ?? []) inGroups.add(group);
  };
  for (const { match, require } of rules) {
    for (const refs of [match.to, match.counterparties, match.safes]) addRefs(refs);
    for (const { op, value } of match.args ?? []) if (op === 'inList') addRefs(refsOf(value));
    for (const symbol of match.assets ?? []) assets.add(symbol);
    addGroups(require);
  }
  for (const { asset, match, onExceed } of limits) {
    addRefs(match?.counterparties);
    if (asset !== undefined) assets.add(asset);
    if (typeof onExceed === 'object') addGroups(onExceed.require);
  }
  const approvers = new Set([...inGroups].flatMap((name) => groups?.get(name) ?? []));
  return { lists, assets, groups: inGroups, approvers };
}

function refsOf(value: string | readonly string[]): readonly AddressRef[] {
  const values = typeof value === 'string' ? [value] : value;
  return values.flatMap((item) => (item.startsWith('@') ? [`@${item.slice(1)}` as const] : []));
}

/** Screens and people compare the ends of addresses; of two that agree there, one is a trap. */
function lookalikes({ addressLists, wallets }: PolicyDocument): readonly LintFinding[] {
  const index = new AddressIndex();
  const where = new Map<Address, string>();
  const found: LintFinding[] = [];
  const add = (address: Address, place: string): void => {
    if (where.has(address)) return;
    for (const other of index.imitatedBy(address)) {
      const words = `${address} looks like ${other} (${where.get(other)}): one may have been pasted from a bait.`;
      found.push(
        finding('LINT_LOOKALIKE', place, words, 'Ask both owners on another channel, and remove the wrong one.'),
      );
    }
    index.add(address);
    where.set(address, place);
  };
  for (const [name, { accounts }] of wallets) for (const address of accounts ?? []) add(address, `wallets.${name}`);
  for (const [name, list] of addressLists) for (const { address } of list) add(address, `addressLists.${name}`);
  return found;
}
