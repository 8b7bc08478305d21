import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { fullPolicy } from './support/full.ts';

type Tree = { [field: string]: unknown };

/** The full file with one change; `undefined` removes. */
function edited(path: string, value: unknown): string {
  const file: Tree = fullPolicy();
  const keys = path.split('.');
  const parent = keys.slice(0, -1).reduce<Tree>((at, key) => at[key] as Tree, file);
  const last = keys.at(-1) ?? '';
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return JSON.stringify(file);
}

function problemOf(text: string): { readonly field: string; readonly message: string } {
  const result = parsePolicy(text);
  if (result.ok) throw new Error('the policy was accepted');
  expect(result.error.code).toBe('POLICY_INVALID');
  expect(result.error.message).toMatch(/^[\x20-\x7e]+$/);
  return result.error;
}

const full = JSON.stringify(fullPolicy());
const rule = (more: object): readonly unknown[] => {
  const [first, second] = fullPolicy()['rules'] as Tree[];
  return [{ ...first, ...more }, second];
};
const matching = (more: object): readonly unknown[] => {
  const [first] = fullPolicy()['rules'] as Tree[];
  return rule({ match: { ...(first?.['match'] as object), ...more } });
};
const argument = (arg: string, op: string, value: unknown): readonly unknown[] =>
  matching({ args: [{ arg, op, value }] });
const limits = (...more: object[]): readonly unknown[] => {
  const all = fullPolicy()['limits'] as Tree[];
  return more.map((each, i) => ({ ...all[i], ...each }));
};
const approver = (more: object): object => {
  const all = fullPolicy()['approvers'] as { readonly [name: string]: object };
  return { ...all, extra: { person: 'Dan', device: 'tablet', key: `ed25519:${'4'.repeat(64)}`, ...more } };
};
const entry = (more: object): object => {
  const all = fullPolicy()['counterparties'] as { readonly [name: string]: Tree };
  return { acme: { ...all['acme'], ...more } };
};
const address = (digits: string): object => ({ addresses: [{ chainId: 1, address: `0x${digits}`, kind: 'eoa' }] });

describe('a policy file', () => {
  it('is accepted with every field there is', () => {
    const result = parsePolicy(full);
    expect(result.ok ? '' : `${result.error.field} ${result.error.message}`).toBe('');
  });

  it.each<[string, string, string]>([
    ['nothing', '', ''],
    ['a list', '[]', ''],
    ['half of it', full.slice(0, full.length / 2), ''],
    ['something behind it', `${full} {}`, ''],
    ['a comment', `/* ours */ ${full}`, ''],
    ['a byte order mark', `\ufeff${full}`, ''],
    ['a key twice', full.replace('"id":"treasury"', '"id":"treasury","id":"other"'), ''],
    ['a key twice in a limit', full.replace('"max":"2"', '"max":"2","max":"200"'), ''],
    ['a key twice through an escape', full.replace('"max":"2"', '"max":"2","m\\u0061x":"200"'), ''],
    ['a null', full.replace('"max":"2"', '"max":null'), 'limits[1].max'],
    ['a key that is no name', full.replace('"unmatched"', '"un\\u001bmatched"'), ''],
    ['deep nesting', `{"rules":${'['.repeat(100_000)}`, ''],
    ['a very long number', full.replace('"version":2', `"version":${'9'.repeat(1_000_000)}`), ''],
    ['signatures that are no list', full.replace('"signatures":[', '"signatures":{}, "x":['), 'signatures'],
    [
      'a signature that is no statement',
      full.replace(/"signatures":\[\{.*\}\]\}$/, '"signatures":["x"]}'),
      'signatures[0]',
    ],
  ])('is refused: %s', (_, text, field) => {
    expect(problemOf(text).field).toBe(field);
  });

  const numbers = ['1e3', '01', '-0', '-1', '+1', '0x10', '1.0', '.5', 'Infinity', 'NaN', '1_000', '1n'];
  it.each(numbers)('is refused with %s for a number', (text) => {
    const place = '"windowSec":86400';
    expect(full).toContain(place);
    // As a bare number, where JSON has such a one, and in quotes.
    expect(parsePolicy(full.replace(place, `"windowSec":${text}`)).ok).toBe(false);
    expect(problemOf(full.replace(place, `"windowSec":"${text}"`)).field).toBe('limits[0].windowSec');
    expect(problemOf(edited('limits', limits({ max: text }))).field).toBe('limits[0].max');
    expect(problemOf(edited('rules', argument('amount', 'lte', text.startsWith('-1') ? '-01' : text))).field).toBe(
      'rules[0].match.args[0].value',
    );
  });

  it.each([' 1', '1 ', '\u0661', '1\u200b', '', `${2n ** 256n}`, `${10n ** 78n}`])(
    'is refused with %j for an amount',
    (text) => {
      expect(problemOf(edited('limits', limits({ max: text }))).field).toBe('limits[0].max');
      expect(problemOf(edited('rules', matching({ amount: { max: text } }))).field).toBe('rules[0].match.amount.max');
    },
  );

  it('is refused with a bare number for an amount', () => {
    expect(problemOf(full.replace('"max":"2"', '"max":2')).field).toBe('limits[1].max');
  });

  it.each<[string, string, unknown, string]>([
    [
      'a group that nobody declares',
      'rules',
      rule({ require: { groups: [{ group: 'ghosts', quorum: 1 }] } }),
      'rules[0].require.groups[0].group',
    ],
    [
      'a quorum above the persons',
      'rules',
      rule({ require: { groups: [{ group: 'board', quorum: 3 }] } }),
      'rules[0].require.groups[0].quorum',
    ],
    [
      'a quorum of nobody',
      'rules',
      rule({ require: { groups: [{ group: 'board', quorum: 0 }] } }),
      'rules[0].require.groups[0].quorum',
    ],
    [
      'a group twice',
      'rules',
      rule({
        require: {
          groups: [
            { group: 'board', quorum: 1 },
            { group: 'board', quorum: 2 },
          ],
        },
      }),
      'rules[0].require.groups[1]',
    ],
    ['nobody to ask', 'rules', rule({ require: { holder: false } }), 'rules[0].require.holder'],
    [
      'more rejections than persons',
      'rules',
      rule({ require: { groups: [{ group: 'board', quorum: 1 }], rejects: 3 } }),
      'rules[0].require.rejects',
    ],
    ['rejections of nobody', 'rules', rule({ require: { rejects: 1 } }), 'rules[0].require.rejects'],
    ['an approval that lives a second', 'rules', rule({ require: { ttlSec: 59 } }), 'rules[0].require.ttlSec'],
    ['an approval that lives for ever', 'rules', rule({ require: { ttlSec: 604_801 } }), 'rules[0].require.ttlSec'],
    [
      'a delay longer than a proposal lives',
      'rules',
      rule({ require: { delaySec: 518_401 } }),
      'rules[0].require.delaySec',
    ],
    ['obligations of an allow rule', 'rules', rule({ effect: 'allow' }), 'rules[0].require'],
    ['gas that says nothing', 'rules', matching({ gas: {} }), 'rules[0].match.gas'],
    [
      'hours that end before they begin',
      'rules',
      matching({ time: [{ days: [1], from: '18:00', to: '08:00' }] }),
      'rules[0].match.time[0].to',
    ],
    [
      'hours without an end',
      'rules',
      matching({ time: [{ days: [1], from: '08:00', to: '08:00' }] }),
      'rules[0].match.time[0].to',
    ],
    [
      'an hour that does not exist',
      'rules',
      matching({ time: [{ days: [1], from: '08:60', to: '24:01' }] }),
      'rules[0].match.time[0].from',
    ],
    [
      'an eighth day',
      'rules',
      matching({ time: [{ days: [7], from: '08:00', to: '09:00' }] }),
      'rules[0].match.time[0].days[0]',
    ],
    ['a list that nobody declares', 'rules', argument('to', 'inList', '@ghosts'), 'rules[0].match.args[0].value'],
    ['a list without its sign', 'rules', argument('to', 'inList', 'payees'), 'rules[0].match.args[0].value'],
    ['a wallet that nobody declares', 'rules', argument('to', 'eqWallet', 'ghost'), 'rules[0].match.args[0].value'],
    ['a wallet without accounts', 'rules', argument('to', 'eqWallet', 'till'), 'rules[0].match.args[0].value'],
    ['several values for one', 'rules', argument('amount', 'eq', ['1', '2']), 'rules[0].match.args[0].value'],
    ['one value for several', 'rules', argument('amount', 'in', '1'), 'rules[0].match.args[0].value'],
    ['values of two types', 'rules', argument('amount', 'in', ['1', '0x01']), 'rules[0].match.args[0].value'],
    ['half a byte', 'rules', argument('data', 'eq', '0x123'), 'rules[0].match.args[0].value'],
    [
      'an address in mixed case',
      'rules',
      argument('to', 'eq', '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'),
      'rules[0].match.args[0].value',
    ],
    ['a length below nothing', 'rules', argument('data', 'lenLte', '-1'), 'rules[0].match.args[0].value'],
    ['a pattern as name', 'rules', argument('.*', 'eq', '1'), 'rules[0].match.args[0].arg'],
    ['an operator of regular expressions', 'rules', argument('memo', 'matches', '(a+)+$'), 'rules[0].match.args[0].op'],
    [
      'a plain address in an argument without a chain',
      'rules',
      [{ id: 'p', effect: 'allow', match: { args: [{ arg: 'to', op: 'eq', value: `0x${'a1'.repeat(20)}` }] } }],
      'rules[0].match.args[0].value',
    ],
    ['a risk that hardDeny names', 'hardDeny', ['BATCH'], 'rules[0].match.risks[0]'],
    ['a hard denial of nothing', 'hardDeny', ['NO_SUCH_RISK'], 'hardDeny[0]'],
    ['an amount without asset', 'limits', limits({ asset: undefined }), 'limits[0].asset'],
    ['an asset without amount', 'limits', limits({ measure: 'count' }), 'limits[0].asset'],
    ['an asset that nobody declares', 'limits', limits({ asset: 'DAI' }), 'limits[0].asset'],
    [
      'a limit on another chain than its asset',
      'limits',
      limits({ match: { chainIds: [10] } }),
      'limits[0].match.chainIds',
    ],
    ['a limit for no wallet', 'limits', limits({ match: { wallets: ['ghost'] } }), 'limits[0].match.wallets[0]'],
    [
      'a limit for no list',
      'limits',
      limits({ match: { counterparties: ['@ghosts'] } }),
      'limits[0].match.counterparties',
    ],
    ['a limit with a plain asset address as per', 'limits', limits({ per: ['chain'] }), 'limits[0].per[0]'],
    ['a window for outstanding nonces', 'limits', limits({}, { windowSec: 60 }), 'limits[1].windowSec'],
    ['a count of one transaction', 'limits', limits({}, {}, {}, { windowSec: undefined }), 'limits[3].windowSec'],
    ['a window below a minute', 'limits', limits({ windowSec: 59 }), 'limits[0].windowSec'],
    ['a window above ninety days', 'limits', limits({ windowSec: 7_776_001 }), 'limits[0].windowSec'],
    ['two limits of one name', 'limits', limits({}, { id: 'usdc-day' }), 'limits[1].id'],
    [
      'two limits that count the same',
      'limits',
      [...limits({}), { ...(limits({})[0] as object), id: 'again', max: '5', note: 'x', onExceed: 'deny' }],
      'limits[1]',
    ],
    [
      'a limit that asks nobody',
      'limits',
      limits({ onExceed: { require: { holder: false } } }),
      'limits[0].onExceed.require.holder',
    ],
    ['a flow from nowhere', 'flows', [{ from: 'ghost', to: 'till' }], 'flows[0].from'],
    ['a flow from outside', 'flows', [{ from: 'external', to: 'till' }], 'flows[0].from'],
    ['a flow to nowhere', 'flows', [{ from: 'till', to: 'ghost' }], 'flows[0].to'],
    ['a flow from cold to outside', 'flows', [{ from: 'cold', to: 'external' }], 'flows[0]'],
    ['a flow from a cold wallet to outside', 'flows', [{ from: 'vault', to: 'external' }], 'flows[0]'],
    ['a flow from cold to hot', 'flows', [{ from: 'cold', to: 'hot' }], 'flows[0]'],
    [
      'a flow twice',
      'flows',
      [
        { from: 'till', to: 'external' },
        { from: 'till', to: 'external' },
      ],
      'flows[1]',
    ],
    ['a wallet called like a class', 'wallets.hot', {}, 'wallets.hot'],
    ['an account of two wallets', 'wallets.till.accounts', [`0x${'51'.repeat(20)}`], 'wallets.till.accounts[0]'],
    ['a member that nobody declares', 'groups.board', ['ann-phone', 'ghost'], 'groups.board[1]'],
    ['a group of nobody', 'groups.board', [], 'groups.board'],
    ['a key of two approvers', 'approvers', approver({ key: `ed25519:${'1'.repeat(64)}` }), 'approvers.extra.key'],
    ['a key of no kind', 'approvers', approver({ key: 'rsa:00' }), 'approvers.extra.key'],
    [
      'a key with a comment',
      'approvers',
      approver({ key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIERERERERERERERERERERERERERERERERERERERERERE me@home' }),
      'approvers.extra.key',
    ],
    [
      'a key whose type and content differ',
      'approvers',
      approver({
        key: 'sk-ssh-ed25519@openssh.com AAAAC3NzaC1lZDI1NTE5AAAAIERERERERERERERERERERERERERERERERERERERERERE',
      }),
      'approvers.extra.key',
    ],
    [
      'a transport key of two approvers',
      'approvers',
      approver({ transportKey: `0x${'a'.repeat(64)}` }),
      'approvers.extra.transportKey',
    ],
    ['one person in two spellings', 'approvers', approver({ person: 'ann  smith' }), 'approvers.extra.person'],
    ['a person with a blank at the end', 'approvers', approver({ person: 'Dan ' }), 'approvers.extra.person'],
    ['admins that nobody declares', 'admin.group', 'ghosts', 'admin.group'],
    ['more admins than persons', 'admin.quorum', 3, 'admin.quorum'],
    ['a freezing group that nobody declares', 'admin.freezeGroup', 'ghosts', 'admin.freezeGroup'],
    ['a book that needs more than there are', 'admin.book.quorum', 4, 'admin.book.quorum'],
    ['no parent above version 1', 'parentHash', undefined, 'parentHash'],
    ['a parent in version 1', 'version', 1, 'parentHash'],
    ['a list called book', 'addressLists.book', [], 'addressLists.book'],
    ['a list and a counterparty of one name', 'addressLists.acme', [], 'counterparties.acme'],
    [
      'a counterparty with an own account',
      'counterparties',
      entry(address('51'.repeat(20))),
      'counterparties.acme.addresses[0].address',
    ],
    [
      'a counterparty that looks like a payee',
      'counterparties',
      entry(address(`a1a1${'7'.repeat(32)}a1a1`)),
      'addressLists.payees',
    ],
    [
      'a counterparty that looks like an asset',
      'counterparties',
      entry(address(`c0c0${'7'.repeat(32)}c0c0`)),
      'assets.USDC.address',
    ],
    [
      'a counterparty that looks like an account',
      'counterparties',
      entry(address(`5151${'7'.repeat(32)}5151`)),
      'wallets.vault.accounts',
    ],
    [
      'an entry that ends before it begins',
      'counterparties',
      entry({ expires: 1_600_000_000 }),
      'counterparties.acme.expires',
    ],
    ['an entry without addresses', 'counterparties', entry({ addresses: [] }), 'counterparties.acme.addresses'],
    ['a signature that is too short', 'counterparties', entry({ signature: '0x55' }), 'counterparties.acme.signature'],
  ])('is refused: %s', (_, path, value, field) => {
    expect(problemOf(edited(path, value)).field).toBe(field);
  });

  it('is refused if two counterparties name one address, or two that look alike', () => {
    const { acme } = entry({}) as { readonly acme: object };
    const two = (digits: string) =>
      problemOf(edited('counterparties', { acme, beta: { ...acme, ...address(digits) } }));
    expect(two('ac'.repeat(20))).toMatchObject({ field: 'counterparties.beta.addresses[0].address' });
    expect(two('ac'.repeat(20)).message).toContain('"acme" already');
    expect(two(`acacac${'1'.repeat(30)}acac`).message).toContain('looks like');
  });

  it('that was made to be slow is refused soon', () => {
    const chainId = 1;
    const like = (i: number, group: string): string => `0x${group}${i.toString(16).padStart(36, '3')}`;
    const counterparties = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => {
        const addresses = Array.from({ length: 16 }, (_, k) => ({
          chainId,
          address: like(i * 0x10001 * 16 + k * 0x1001, 'abcd'),
          kind: 'eoa',
        }));
        const { acme } = entry({ addresses }) as { readonly acme: object };
        return [`c${i}`, acme];
      }),
    );
    expect(problemOf(edited('counterparties', counterparties)).message).toMatch(/looks like|too many addresses/);
  });

  it('keeps its signatures aside: they are no part of what it says', () => {
    const signed = parsePolicy(full);
    const bare = parsePolicy(edited('signatures', undefined));
    expect(signed.ok && signed.value.signatures).toHaveLength(1);
    expect(bare.ok && bare.value.signatures).toEqual([]);
    expect(signed.ok && bare.ok && signed.value.document).toEqual(bare.ok && bare.value.document);
  });
});
