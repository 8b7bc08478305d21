/** What the documents of known types are read as: their movements, the calls inside, and the risks they carry. */
import { encodeFunctionData, parseAbi } from 'viem';
import { describe, expect, test } from 'vitest';
import { decode } from '../../protocol/payload/payload.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { safeTxDigest } from '../../protocol/payload/safe-tx.ts';
import {
  decoded,
  FOREIGN_CODE,
  FRIEND,
  hex,
  risks,
  SAFE,
  safeTxDocument,
  TOKEN,
  transfer,
  ZERO,
} from './support/payloads.ts';
import {
  bulkOrder,
  daiPermit,
  delegation,
  forwardRequest,
  OWNER,
  orderMessage,
  PERMIT2,
  PERMIT2_DOMAIN,
  permit,
  permitBatch,
  permitSingle,
  permitTransferFrom,
  permitWitness,
  reading,
  SEAPORT,
  SEAPORT_DOMAIN,
  SOON,
  safeMessage,
  safeOperation,
  seaportOrder,
  TOKEN_DOMAIN,
  type TypedDocumentText,
  transferWithAuthorization,
  typedDocument,
  typedPayload,
  userOperation,
} from './support/typed-documents.ts';

const MAX_256 = ((1n << 256n) - 1n).toString();
const MAX_160 = ((1n << 160n) - 1n).toString();

/** `CODE@path` of a document. */
function codes(document: unknown): readonly string[] {
  return risks(typedPayload(document));
}

function detail(document: unknown, code: string): string {
  const { risks: found } = assess(decoded(typedPayload(document)));
  return found.find((risk) => risk.code === code)?.detail ?? 'not raised';
}

function root(document: unknown): ReturnType<typeof decoded>['root'] {
  return decoded(typedPayload(document)).root;
}

describe('permits', () => {
  test('EIP-2612: the token is the verifying contract, the owner stands in the document', () => {
    const document = permit();
    expect(root(document)).toMatchObject({
      path: '0',
      operation: 'authorize',
      from: 'wallet',
      to: TOKEN,
      value: 0n,
      selector: undefined,
      call: { name: 'Permit', args: [{ name: 'owner', type: 'address', value: OWNER }, {}, {}, {}, {}] },
      movements: [{ kind: 'approve', asset: TOKEN, amount: 1000n, counterparty: FRIEND, owner: OWNER }],
      children: [],
    });
    expect(codes(document)).toEqual(['PERMIT_SIG@0']);
    expect(detail(document, 'PERMIT_SIG')).toBe(`${FRIEND} may take 1000 units of token ${TOKEN} from ${OWNER}`);
  });

  test('an unlimited one without an end', () => {
    expect(codes(permit({ value: MAX_256, deadline: MAX_256 }))).toEqual([
      'PERMIT_SIG@0',
      'UNLIMITED_APPROVAL@0',
      'LONG_DEADLINE@0',
    ]);
  });

  test('DAI: all or nothing, and expiry 0 is never', () => {
    expect(codes(daiPermit())).toEqual(['PERMIT_SIG@0', 'UNLIMITED_APPROVAL@0']);
    expect(codes(daiPermit({ expiry: 0 }))).toEqual(['PERMIT_SIG@0', 'UNLIMITED_APPROVAL@0', 'LONG_DEADLINE@0']);
    expect(codes(daiPermit({ allowed: false }))).toEqual(['PERMIT_SIG@0']);
    expect(root(daiPermit({ allowed: false })).movements).toMatchObject([{ amount: 0n, owner: OWNER }]);
  });

  test('Permit2, one and several: the signer owns the tokens, Permit2 is only the contract', () => {
    expect(root(permitSingle())).toMatchObject({
      to: PERMIT2,
      movements: [{ kind: 'approve', asset: TOKEN, amount: 1000n, counterparty: FRIEND, owner: 'wallet' }],
    });
    expect(codes(permitSingle())).toEqual(['PERMIT_SIG@0']);
    expect(codes(permitSingle({ amount: MAX_160, expiration: '281474976710655' }))).toEqual([
      'PERMIT_SIG@0',
      'UNLIMITED_APPROVAL@0',
      'LONG_DEADLINE@0',
    ]);
    expect(root(permitBatch(['1', '2', '3'])).movements.map(({ amount }) => amount)).toEqual([1n, 2n, 3n]);
    expect(detail(permitBatch(Array.from({ length: 8 }, () => '1')), 'PERMIT_SIG')).toContain('; and 3 more');
  });

  test('Permit2 transfers, with a witness that is only shown', () => {
    expect(root(permitTransferFrom()).movements).toMatchObject([{ kind: 'approve', amount: 1000n, owner: 'wallet' }]);
    const { typedData, frame } = reading(permitWitness());
    expect(typedData.meaning?.known).toBe('permit2-batch-transfer');
    expect(frame.grant?.movements.map(({ asset, amount }) => [asset, amount])).toEqual([
      [TOKEN, 1000n],
      [OWNER, 2000n],
    ]);
    expect(frame.grant?.call?.args.at(-1)).toEqual({
      name: 'witness',
      type: 'Trade',
      value: [FRIEND, { text: 'for one apple' }],
    });
  });

  test.each(['TransferWithAuthorization', 'ReceiveWithAuthorization'])('EIP-3009 %s', (name) => {
    expect(root(transferWithAuthorization(name)).movements).toEqual([
      { kind: 'transferFrom', asset: TOKEN, amount: 1000n, counterparty: FRIEND, owner: OWNER },
    ]);
    expect(codes(transferWithAuthorization(name))).toEqual(['PERMIT_SIG@0']);
  });

  test('EIP-3009 CancelAuthorization takes nothing', () => {
    const document = typedDocument(
      'CancelAuthorization(address authorizer,bytes32 nonce)',
      { authorizer: OWNER, nonce: `0x${'00'.repeat(32)}` },
      TOKEN_DOMAIN,
    );
    expect(codes(document)).toEqual([]);
    expect(root(document).movements).toEqual([]);
  });
});

describe('orders', () => {
  const [USDC, WETH] = ['0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48', '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2'];
  const nft = { itemType: 2, token: TOKEN, id: '5' };
  const ether = (amount: string): { itemType: number; amount: string } => ({ itemType: 0, amount });
  const price = ether('1000000000000000000');
  const token = (address: string, amount: string): { itemType: number; token: string; amount: string } => ({
    itemType: 1,
    token: address,
    amount,
  });

  test('a sale: the NFT leaves, the price comes back', () => {
    const sale = seaportOrder([nft], [price, { ...price, recipient: FRIEND }]);
    expect(codes(sale)).toEqual(['ORDER_SIG@0']);
    expect(root(sale)).toMatchObject({
      to: SEAPORT,
      movements: [{ kind: 'approve', asset: TOKEN, amount: 1n, tokenId: 5n, counterparty: SEAPORT, owner: OWNER }],
    });
    expect(reading(sale).typedData.meaning?.orders).toMatchObject([
      { offerer: OWNER, receives: [{ itemType: 'native' }], others: [{ recipient: FRIEND }] },
    ]);
  });

  test.each<[string, ReturnType<typeof seaportOrder>]>([
    ['nothing is asked', seaportOrder([nft], [])],
    ['all of it goes to somebody else', seaportOrder([nft], [{ ...price, recipient: FRIEND }])],
    ['one wei', seaportOrder([nft], [ether('1')])],
    ['a price that falls to nothing', seaportOrder([nft], [{ ...price, endAmount: '0' }])],
    ['a few units of a token', seaportOrder([nft], [token(USDC, '5')])],
    ['less than one of a token', seaportOrder([nft], [token(USDC, '999999')])],
    ['less than a thousandth of a token of ether', seaportOrder([nft], [token(WETH, '999999999999999')])],
    ['less than a thousandth of a coin', seaportOrder([nft], [ether('999999999999999')])],
    ['any number of a token that nobody knows', seaportOrder([nft], [token(FRIEND, `${10n ** 30n}`)])],
    [
      'a known token of another chain',
      seaportOrder([nft], [token(USDC, '1000000')], {}, { ...SEAPORT_DOMAIN, chainId: 10 }),
    ],
    ['an NFT for an NFT', seaportOrder([nft], [{ ...nft, id: '6' }])],
    ['less of the same token', seaportOrder([token(TOKEN, '1000000000')], [token(TOKEN, '999999999')])],
  ])('without return: %s', (_, order) => {
    expect(codes(order)).toEqual(['ORDER_SIG@0', 'ORDER_WITHOUT_RETURN@0']);
  });

  test.each<[string, ReturnType<typeof seaportOrder>]>([
    ['a bid of tokens for an NFT', seaportOrder([token(TOKEN, '1000')], [nft])],
    ['one token for another', seaportOrder([token(TOKEN, '1000000')], [token(USDC, '1000000')])],
    ['a thousandth of ether', seaportOrder([nft], [token(WETH, '1000000000000000')])],
    [
      'a thousandth of a coin beside what nobody knows',
      seaportOrder([nft], [token(FRIEND, '1'), ether('1000000000000000')]),
    ],
    ['a request that gives nothing', seaportOrder([], [price])],
  ])('with return: %s', (_, order) => {
    expect(codes(order)).toEqual(['ORDER_SIG@0']);
  });

  test('both sides are named with the risk', () => {
    const sale = seaportOrder([nft], [price, { ...price, recipient: FRIEND }]);
    expect(detail(sale, 'ORDER_SIG')).toMatch(/; gets 1000000000000000000 wei back$/);
    expect(detail(seaportOrder([nft], []), 'ORDER_SIG')).toMatch(/; gets nothing back$/);
  });

  test('any NFT of a collection has no movement, since none could name it', () => {
    const order = seaportOrder([{ ...nft, itemType: 4 }, token(TOKEN, '5')], [price]);
    expect(root(order).movements).toEqual([]);
    expect(detail(order, 'ORDER_SIG')).toContain('any NFT of');
  });

  test('zone, unknown conduit and an end that never comes are said', () => {
    const order = seaportOrder([nft], [price], { zone: FRIEND, conduitKey: `0x${'77'.repeat(32)}`, endTime: MAX_256 });
    expect(detail(order, 'ORDER_SIG')).toMatch(
      /^a zone contract has a say; an unknown conduit; gives 1 of NFT 5 of 0x/,
    );
    expect(codes(order)).toEqual(['ORDER_SIG@0', 'LONG_DEADLINE@0']);
  });

  test('one bad order of a bulk order is enough; those that only fill it up do not count', () => {
    const good = orderMessage([nft], [price]);
    const empty = orderMessage([], [], { offerer: ZERO });
    expect(codes(bulkOrder([good, empty]))).toEqual(['ORDER_SIG@0']);
    expect(detail(bulkOrder([good, good]), 'ORDER_SIG')).toMatch(/^2 orders, each of which can be taken; gives/);
    expect(codes(bulkOrder([good, orderMessage([nft], [])]))).toEqual(['ORDER_SIG@0', 'ORDER_WITHOUT_RETURN@0']);
  });
});

describe('calls that somebody else submits', () => {
  test('a forward request is opened; its call runs as the signer', () => {
    for (const document of [forwardRequest(transfer()), forwardRequest(transfer(), SOON)]) {
      const { root: node, calls } = decoded(typedPayload(document));
      expect(node.operation).toBe('authorize');
      expect(calls[1]).toMatchObject({ path: '0.0', operation: 'call', from: 'wallet', to: TOKEN });
      expect(calls[1]?.call?.name).toBe('transfer');
      expect(codes(document)).toContain('DELEGATION@0');
    }
  });

  test('an operation of a Safe: what its module calls is opened, or said to be unreadable', () => {
    const node = decoded(typedPayload(safeOperation('0x12345678')));
    expect(node.calls[1]).toMatchObject({ path: '0.0', to: OWNER, from: '0x0000000071727de22e5e9d8baf0edac6f37da032' });
    expect(codes(safeOperation('0x12345678'))).toEqual(['USER_OPERATION@0', 'UNDECODED@0.0']);
    expect(detail(safeOperation('0x', { initCode: '0x00', paymasterAndData: '0x00' }), 'USER_OPERATION')).toMatch(
      /; it first creates the account; a paymaster takes part$/,
    );
    expect(codes(safeOperation('0x'))).toEqual(['USER_OPERATION@0']);
    // With 0x7702 in front it is a call to the account before the one that is shown.
    expect(codes(safeOperation('0x', { initCode: '0x00' }))).toEqual(['USER_OPERATION@0', 'UNDECODED@0']);
  });

  test('what the module of a Safe executes is opened down to the delegatecall', () => {
    const data = encodeFunctionData({
      abi: parseAbi(['function executeUserOp(address to, uint256 value, bytes data, uint8 operation)']),
      functionName: 'executeUserOp',
      args: [FOREIGN_CODE, 0n, transfer(), 1],
    });
    const { calls } = decoded(typedPayload(safeOperation(data)));
    expect(calls.map(({ path, operation, from, to }) => [path, operation, from, to])).toEqual([
      ['0', 'authorize', 'wallet', '0x75cf11467937ce3f2f357ce24ffc3dbf8fd5c226'],
      ['0.0', 'call', '0x0000000071727de22e5e9d8baf0edac6f37da032', OWNER],
      ['0.0.0', 'delegatecall', OWNER, FOREIGN_CODE],
    ]);
    expect(codes(safeOperation(data))).toContain('DELEGATECALL_UNTRUSTED@0.0.0');
  });

  test('an operation of EntryPoint 0.8', () => {
    expect(codes(userOperation('0x12345678'))).toEqual(['USER_OPERATION@0', 'UNDECODED@0.0']);
  });

  test('what an operation pays for gas is said, judged and counted', () => {
    const limits = (document: TypedDocumentText): bigint | undefined =>
      decoded(typedPayload(document)).typedData?.meaning?.operation?.feeMax;
    expect(limits(userOperation('0x'))).toBe((1n + 2n + 3n) * 5n);
    const paymaster = `0x${'11'.repeat(20)}${'00'.repeat(15)}07${'00'.repeat(15)}08aa`;
    expect(limits(userOperation('0x', { paymasterAndData: paymaster }))).toBe((1n + 2n + 3n + 7n + 8n) * 5n);
    expect(limits(safeOperation('0x', { paymasterAndData: paymaster, maxFeePerGas: '5' }))).toBe((3n + 7n + 8n) * 5n);
    // The submitter is paid this much, whatever it costs it.
    const drain = userOperation('0x', { preVerificationGas: `${10n ** 18n}` });
    expect(codes(drain)).toEqual(['USER_OPERATION@0', 'FEE_ABUSE@0']);
    expect(detail(drain, 'USER_OPERATION')).toContain(`up to ${5n * (10n ** 18n + 5n)} wei for gas`);
    expect(codes(safeOperation('0x', { maxFeePerGas: `${10n ** 14n}` }))).toContain('FEE_ABUSE@0');
  });
});

describe('other signatures', () => {
  test('voting power', () => {
    expect(codes(delegation())).toEqual(['DELEGATION@0']);
    expect(detail(delegation(), 'DELEGATION')).toBe(`voting power to ${FRIEND}`);
  });

  test('a message of a Safe: readable, or not', () => {
    const domain = { chainId: 1, verifyingContract: SAFE };
    expect(codes(safeMessage('0x48656c6c6f', domain))).toEqual(['MESSAGE_SIG@0']);
    expect(codes(safeMessage(`0x${'ab'.repeat(32)}`, domain))).toEqual(['MESSAGE_SIG@0', 'RAW_MESSAGE@0']);
    expect(codes(safeMessage('0x48656c6c6f00', domain))).toEqual(['MESSAGE_SIG@0', 'RAW_MESSAGE@0']);
    expect(codes(safeMessage('0x48', { verifyingContract: SAFE }))).toEqual(['NO_CHAIN_BINDING@0', 'MESSAGE_SIG@0']);
  });

  test('an unknown type is shown, hashed and critical', () => {
    const document = typedDocument('Vote(uint256 proposal,bool yes)', { proposal: 1, yes: true }, TOKEN_DOMAIN);
    const { root: node, typedData, leaves } = decoded(typedPayload(document));
    expect(node).toMatchObject({ operation: 'authorize', call: undefined, movements: [], to: TOKEN });
    expect(leaves).toHaveLength(1);
    expect(typedData?.messageFields).toEqual([
      { name: 'proposal', type: 'uint256', value: { kind: 'number', value: 1n } },
      { name: 'yes', type: 'bool', value: { kind: 'bool', value: true } },
    ]);
    expect(codes(document)).toEqual(['UNKNOWN_TYPED_DATA@0']);
  });

  test('a Permit with other fields is not shown as a Permit', () => {
    const document = typedDocument(
      'Permit(address spender,uint256 tokenId,uint256 nonce,uint256 deadline)',
      { spender: FRIEND, tokenId: 1, nonce: 0, deadline: 1 },
      TOKEN_DOMAIN,
    );
    expect(root(document).call).toBeUndefined();
    expect(codes(document)).toEqual(['UNKNOWN_TYPED_DATA@0']);
    expect(detail(document, 'UNKNOWN_TYPED_DATA')).toBe('called Permit, but with other fields');
  });
});

describe('domains', () => {
  const salt = `0x${'01'.repeat(32)}`;
  test.each<[string, unknown, string]>([
    ['Permit2 elsewhere', permitSingle({}, { ...PERMIT2_DOMAIN, verifyingContract: FRIEND }), 'none of the known ones'],
    ['Permit2 by another name', permitSingle({}, { ...PERMIT2_DOMAIN, name: 'Permit3' }), 'not "Permit2"'],
    ['Permit2 with a version', permitSingle({}, { ...PERMIT2_DOMAIN, version: '1' }), 'a version in the domain'],
    ['a token without a name', permit({}, { chainId: 1, verifyingContract: TOKEN }), 'no name in the domain'],
    ['a token with a salt', permit({}, { ...TOKEN_DOMAIN, salt }), 'a salt in the domain'],
    ['a token at nobody', permit({}, { ...TOKEN_DOMAIN, verifyingContract: ZERO }), 'the zero address'],
    [
      'Seaport of the future',
      seaportOrder([], [{ itemType: 0 }], {}, { ...SEAPORT_DOMAIN, version: '9.9' }),
      'a version that is not known',
    ],
    [
      'Seaport elsewhere',
      seaportOrder([], [{ itemType: 0 }], {}, { ...SEAPORT_DOMAIN, verifyingContract: FRIEND }),
      'none of the known ones',
    ],
    ['a message of a Safe with a name', safeMessage('0x48', TOKEN_DOMAIN), 'which this type does not use'],
  ])('%s', (_, document, words) => {
    expect(detail(document, 'DOMAIN_MISMATCH')).toContain(words);
  });

  test('no chain id', () => {
    const { chainId: _, ...rest } = TOKEN_DOMAIN;
    expect(codes(permit({}, rest))).toEqual(['NO_CHAIN_BINDING@0', 'DOMAIN_MISMATCH@0', 'PERMIT_SIG@0']);
  });

  test('no verifying contract: nobody can say what it permits, whatever it is called', () => {
    const { verifyingContract: _, ...rest } = TOKEN_DOMAIN;
    expect(codes(permit({}, rest))).toEqual(['UNKNOWN_TYPED_DATA@0', 'DOMAIN_MISMATCH@0']);
    expect(root(permit({}, rest))).toMatchObject({ to: undefined, call: undefined, movements: [] });
  });
});

describe('Safe 0.1.0', () => {
  const { baseGas, ...others } = safeTxDocument().message;
  const fields = Object.keys(safeTxDocument().message);
  const document = typedDocument(
    'SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 dataGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)',
    { ...others, dataGas: '9' },
    { verifyingContract: SAFE },
  );

  test('dataGas is its baseGas, and it is opened like any other', () => {
    expect(fields).toContain('baseGas');
    expect(baseGas).toBe('0');
    const { safeTx, digest, root: node } = decoded(typedPayload(document));
    if (safeTx === undefined) throw new Error('a SafeTx');
    expect(safeTx).toMatchObject({ gasField: 'dataGas', baseGas: 9n, domain: 'legacy' });
    expect(hex(safeTxDigest(safeTx))).toBe(hex(digest));
    expect(node).toMatchObject({ operation: 'call', from: SAFE, to: FRIEND });
    const today = safeTxDigest({ ...safeTx, gasField: 'baseGas' });
    expect(hex(today)).not.toBe(hex(digest));
  });

  test('it knew no chain id', () => {
    expect(() => typedPayload({ ...document, domain: { chainId: 1, verifyingContract: SAFE } })).toThrow(
      'TYPED_DATA_DOMAIN',
    );
  });

  test('a SafeTx of nobody is refused, not unknown', () => {
    const types = { ...document.types, SafeTx: document.types['SafeTx']?.slice(0, 9) };
    const { nonce: _, ...message } = document.message;
    expect(() => typedPayload({ ...document, types, message })).toThrow('TYPED_DATA_TYPES');
  });
});

test('every known document decodes as a whole, the digest is that of the reading', () => {
  for (const document of [permit(), daiPermit(), permitWitness(), seaportOrder([], []), delegation()]) {
    const result = decode(typedPayload(document));
    expect(result.ok && hex(result.value.digest)).toBe(hex(reading(document).digest));
  }
});
