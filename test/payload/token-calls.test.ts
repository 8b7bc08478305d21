/** What the functions of tokens, permits and Permit2 move or let others take, and the codes that they raise. */
import { encodeFunctionData, type Hex, parseAbiItem } from 'viem';
import { describe, expect, test } from 'vitest';
import type { Movement } from '../../protocol/payload/calldata/call.ts';
import { PERMIT2_ADDRESS } from '../../protocol/payload/calldata/movements.ts';
import { KNOWN_FUNCTIONS } from '../../protocol/payload/calldata/table.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { calling, decoded, FRIEND, MULTI_SEND, risks, SAFE, safeTx, TOKEN } from './support/payloads.ts';

const OWNER = '0x5555555555555555555555555555555555555555';
const WORD0: Hex = `0x${'00'.repeat(32)}`;
const MAX = (1n << 256n) - 1n;
const SIGNATURE: Hex = `0x${'ab'.repeat(65)}`;

function data(selector: string, args: readonly unknown[]): Hex {
  const canonical = KNOWN_FUNCTIONS.get(selector)?.canonical ?? '';
  const item = parseAbiItem(`function ${canonical}` as 'function f(uint256 a)');
  return encodeFunctionData({ abi: [item], args: args as [bigint] });
}

const taken = (fields: Partial<Movement> = {}): Movement => ({
  kind: 'transferFrom',
  asset: TOKEN,
  amount: 5n,
  counterparty: FRIEND,
  owner: OWNER,
  ...fields,
});
const allowed = (fields: Partial<Movement> = {}): Movement => taken({ kind: 'approve', ...fields });

const DETAILS = [TOKEN, 5n, 1, 0];

describe('movements', () => {
  const OTHERS = ['PERMIT_SIG@0', 'TRANSFER_FROM_OTHER@0'];

  test.each<[string, string, readonly unknown[], readonly Movement[], readonly string[]]>([
    ['a transfer with a call', '4000aea0', [FRIEND, 5n, '0x'], [taken({ kind: 'transfer', owner: 'wallet' })], []],
    // What the receiver or spender makes of the data is up to it: a bridge takes it for the account to pay.
    [
      'a transfer with data',
      '4000aea0',
      [FRIEND, 5n, '0x01'],
      [taken({ kind: 'transfer', owner: 'wallet' })],
      ['UNDECODED@0'],
    ],
    ['an approval with data', 'cae9ca51', [FRIEND, 5n, '0x01'], [allowed({ owner: 'wallet' })], ['UNDECODED@0']],
    ['an ERC-721', '42842e0e', [OWNER, FRIEND, 9n], [taken({ amount: 1n, tokenId: 9n })], ['TRANSFER_FROM_OTHER@0']],
    ['an ERC-1155', 'f242432a', [OWNER, FRIEND, 9n, 5n, '0x'], [taken({ tokenId: 9n })], ['TRANSFER_FROM_OTHER@0']],
    [
      'many of ERC-1155',
      '2eb2c2d6',
      [OWNER, FRIEND, [9n, 10n], [5n, 6n], '0x'],
      [taken({ tokenId: 9n }), taken({ tokenId: 10n, amount: 6n })],
      ['TRANSFER_FROM_OTHER@0'],
    ],
    ['lists that do not match', '2eb2c2d6', [OWNER, FRIEND, [9n], [], '0x'], [], ['TRANSFER_FROM_OTHER@0']],
    ['wrapping ether', 'd0e30db0', [], [], []],
    ['leaving a vault', 'ba087652', [5n, FRIEND, OWNER], [], ['TRANSFER_FROM_OTHER@0', 'VAULT_TO_OTHER@0']],
    ['entering a vault for another', '6e553f65', [5n, FRIEND], [], ['VAULT_TO_OTHER@0']],
    ['EIP-2612', 'd505accf', [OWNER, FRIEND, 5n, MAX, 27, WORD0, WORD0], [allowed()], ['PERMIT_SIG@0']],
    [
      'a permit with a packed signature',
      '9fd5a6cf',
      [OWNER, FRIEND, 5n, MAX, SIGNATURE],
      [allowed()],
      ['PERMIT_SIG@0'],
    ],
    [
      'a permit of DAI',
      '8fcbaf0c',
      [OWNER, FRIEND, 0n, 0n, true, 27, WORD0, WORD0],
      [allowed({ amount: MAX })],
      ['PERMIT_SIG@0', 'UNLIMITED_APPROVAL@0'],
    ],
    ['a permit of DAI taken back', '8fcbaf0c', [OWNER, FRIEND, 0n, 0n, false, 27, WORD0, WORD0], [], ['PERMIT_SIG@0']],
    ['EIP-3009', 'e3ee160e', [OWNER, FRIEND, 5n, 0n, MAX, WORD0, 27, WORD0, WORD0], [taken()], OTHERS],
    ['EIP-3009, received', '88b7ab63', [OWNER, FRIEND, 5n, 0n, MAX, WORD0, SIGNATURE], [taken()], OTHERS],
  ])('%s', (_, selector, args, movements, codes) => {
    const payload = calling(TOKEN, data(selector, args));
    expect(decoded(payload).root.movements).toEqual(movements);
    expect(risks(payload)).toEqual(codes);
  });

  const single = [OWNER, [DETAILS, FRIEND, 9n], SIGNATURE];
  const batch = [OWNER, [[DETAILS, [SAFE, 6n, 1, 0]], FRIEND, 9n], SIGNATURE];
  const one = [[[TOKEN, 8n], 1n, 9n], [FRIEND, 5n], OWNER];
  const two = [
    [
      [
        [TOKEN, 8n],
        [SAFE, 8n],
      ],
      1n,
      9n,
    ],
    [
      [FRIEND, 5n],
      [FRIEND, 6n],
    ],
    OWNER,
  ];
  const both = [taken(), taken({ asset: SAFE, amount: 6n })];

  test.each<[string, string, readonly unknown[], readonly Movement[], readonly string[]]>([
    ['approve', '87517c45', [TOKEN, FRIEND, 5n, 9], [allowed({ owner: 'wallet' })], []],
    ['permit', '2b67b570', single, [allowed()], ['PERMIT_SIG@0']],
    ['permit of many', '2a2d80d1', batch, [allowed(), allowed({ asset: SAFE, amount: 6n })], ['PERMIT_SIG@0']],
    ['transferFrom', '36c78516', [OWNER, FRIEND, 5n, TOKEN], [taken()], OTHERS],
    [
      'many transferFrom',
      '0d58b1db',
      [
        [
          [OWNER, FRIEND, 5n, TOKEN],
          [OWNER, FRIEND, 6n, SAFE],
        ],
      ],
      both,
      OTHERS,
    ],
    ['permitTransferFrom', '30f28b7a', [...one, SIGNATURE], [taken()], OTHERS],
    ['permitTransferFrom of many', 'edd9444b', [...two, SIGNATURE], both, OTHERS],
    ['with a witness', '137c29fe', [...one, WORD0, 'Order order)', SIGNATURE], [taken()], OTHERS],
    ['many with a witness', 'fe8ec1a7', [...two, WORD0, 'Order order)', SIGNATURE], both, OTHERS],
    ['a list that does not match', 'edd9444b', [[[[TOKEN, 8n]], 1n, 9n], [], OWNER, SIGNATURE], [], ['PERMIT_SIG@0']],
  ])('Permit2 %s', (_, selector, args, movements, codes) => {
    const payload = calling(PERMIT2_ADDRESS, data(selector, args));
    expect(decoded(payload).root.movements).toEqual(movements);
    expect(risks(payload)).toEqual(codes);
    // Anywhere else the bytes move nothing of what they say.
    const elsewhere = calling(FRIEND, data(selector, args));
    expect(decoded(elsewhere).root.movements).toEqual([]);
    expect(risks(elsewhere)).toContain('DOMAIN_MISMATCH@0');
  });

  test('all that a Permit2 permit can give', () => {
    const all = data('2b67b570', [OWNER, [[TOKEN, (1n << 160n) - 1n, 1, 0], FRIEND, 9n], SIGNATURE]);
    expect(risks(calling(PERMIT2_ADDRESS, all))).toEqual(['PERMIT_SIG@0', 'UNLIMITED_APPROVAL@0']);
  });
});

describe('whose tokens', () => {
  test('the own ones of the account that calls raise nothing', () => {
    const own = data('36c78516', [SAFE, FRIEND, 5n, TOKEN]);
    expect(risks(safeTx({ to: PERMIT2_ADDRESS, data: own }))).toEqual(['PERMIT_SIG@0']);
    expect(risks(safeTx({ to: TOKEN, data: data('ba087652', [5n, SAFE, SAFE]) }))).toEqual([]);
    const byWallet = assess(decoded(calling(TOKEN, data('ba087652', [5n, OWNER, OWNER]))), { wallet: OWNER });
    expect(byWallet.risks).toEqual([]);
  });

  test.each<[string, readonly unknown[]]>([
    ['6e553f65', [5n, FRIEND]],
    ['94bf804d', [5n, FRIEND]],
    ['b460af94', [5n, FRIEND, SAFE]],
    ['ba087652', [5n, FRIEND, SAFE]],
  ])('what a vault gives to another than the Safe that pays: %s', (selector, args) => {
    expect(risks(safeTx({ to: TOKEN, data: data(selector, args) }))).toEqual(['VAULT_TO_OTHER@0']);
    const own = args.map((value) => (value === FRIEND ? SAFE : value));
    expect(risks(safeTx({ to: TOKEN, data: data(selector, own) }))).toEqual([]);
  });
});

describe('disguises', () => {
  test('a token function sent to a batch contract or to Permit2', () => {
    const pay = data('a9059cbb', [FRIEND, 5n]);
    expect(risks(calling(MULTI_SEND, pay))).toEqual(['SELECTOR_CONTEXT_MISMATCH@0']);
    expect(risks(calling(PERMIT2_ADDRESS, pay))).toEqual(['SELECTOR_CONTEXT_MISMATCH@0']);
    expect(risks(calling(TOKEN, pay))).toEqual([]);
  });
});

describe('rights and baits', () => {
  test.each<[string, readonly unknown[], string]>([
    ['5c19a95c', [FRIEND], 'DELEGATION'],
    ['c3cda520', [FRIEND, 1n, 2n, 27, WORD0, WORD0], 'DELEGATION'],
    ['ca5eb5e1', [FRIEND], 'DELEGATION'],
    ['3400288b', [30101, WORD0], 'OWNERSHIP'],
    ['eb8d72b7', [101, '0x1234'], 'OWNERSHIP'],
    ['64d62353', [1n], 'OWNERSHIP'],
  ])('%s', (selector, args, code) => {
    expect(risks(calling(TOKEN, data(selector, args)))).toEqual([`${code}@0`]);
  });

  test.each(['4e71d92d', '3158952e', '372500ab', 'af347b61', '5fba79f5', '948cb719'])(
    'the name %s is no safer than a function that nobody knows',
    (selector) => {
      expect(risks(calling(TOKEN, data(selector, [])))).toEqual(['DRAINER_NAME@0', 'UNDECODED@0']);
    },
  );
});
