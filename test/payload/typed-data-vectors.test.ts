/** Documents and hashes that others published: the cases of ethers, the example of the EIP, the types of contracts. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { utf8 } from '../../protocol/common/bytes.ts';
import { keccak256 } from '../../protocol/payload/keccak.ts';
import { knownType, SAFE_TX_TYPE, SAFE_TX_TYPE_0_1 } from '../../protocol/payload/typed-data/pinned.ts';
import { canonicalizeTypedData, readTypedData } from '../../protocol/payload/typed-data.ts';
import { hex } from './support/payloads.ts';

interface EthersCase {
  readonly name: string;
  readonly domain: Readonly<Record<string, unknown>>;
  readonly primaryType: string;
  readonly types: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
  readonly digest: string;
}

const CASES = JSON.parse(
  gunzipSync(readFileSync(new URL('../vectors/outside/ethers-typed-data.json.gz', import.meta.url))).toString('utf8'),
) as readonly EthersCase[];
const DOC = readFileSync(new URL('../../docs/decoding.md', import.meta.url), 'utf8');

test('the cases of ethers: the same digest or a refusal that docs/decoding.md explains', () => {
  const codes = new Map<string, number>();
  let accepted = 0;
  for (const { name, domain, primaryType, types, data, digest } of CASES) {
    const canonical = canonicalizeTypedData(JSON.stringify({ domain, primaryType, types, message: data }));
    if (canonical.ok) {
      accepted++;
      expect(hex(readTypedData(canonical.value).digest), name).toBe(digest);
    } else codes.set(canonical.error.code, (codes.get(canonical.error.code) ?? 0) + 1);
  }
  const refused = [...codes].map(([code, count]) => `${count} ${code}`).join(', ');
  expect(DOC).toContain(`| ethers, EIP-712 | ${CASES.length} | ${accepted} | ${refused} |`);
});

test('the example of EIP-712: its encoded type, its hash', () => {
  const mail = CASES.find(({ name }) => name === 'EIP712 example');
  if (mail === undefined) throw new Error('the example is in the vectors');
  const { domain, primaryType, types, data } = mail;
  const canonical = canonicalizeTypedData(JSON.stringify({ domain, primaryType, types, message: data }));
  if (!canonical.ok) throw new Error(canonical.error.message);
  const { typedData, digest, chainId, frame } = readTypedData(canonical.value);
  expect(typedData.encodedType).toBe('Mail(Person from,Person to,string contents)Person(string name,address wallet)');
  expect(hex(digest)).toBe('0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2');
  expect(chainId).toBe(1n);
  expect(typedData.meaning).toBeUndefined();
  expect(frame).toMatchObject({
    operation: 'authorize',
    from: 'wallet',
    to: '0xcccccccccccccccccccccccccccccccccccccccc',
    grant: { call: undefined, movements: [] },
  });
});

const TOKEN_PERMISSIONS = 'TokenPermissions(address token,uint256 amount)';
const PERMIT_DETAILS = 'PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)';
const AUTHORIZATION = 'address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce';
const ITEM = 'uint8 itemType,address token,uint256 identifierOrCriteria,uint256 startAmount,uint256 endAmount';
const ORDER_PARTS = `ConsiderationItem(${ITEM},address recipient)OfferItem(${ITEM})`;
const ORDER =
  'OrderComponents(address offerer,address zone,OfferItem[] offer,ConsiderationItem[] consideration,uint8 orderType,uint256 startTime,uint256 endTime,bytes32 zoneHash,uint256 salt,bytes32 conduitKey,uint256 counter)';

/** Type hashes as they stand in the deployed contracts: what we pinned is what they check. */
test.each<[string, string, string]>([
  [SAFE_TX_TYPE, 'safe-tx', 'bb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8'],
  [SAFE_TX_TYPE_0_1, 'safe-tx', '14d461bc7412367e924637b363c7bf29b8f47e2f84869f4426e5633d8af47b20'],
  ['SafeMessage(bytes message)', 'safe-message', '60b3cbf8b4a223d68d641b3b6ddf9a298e7f33710cf3d3a9d1146b5a6150fbca'],
  [
    'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)',
    'permit-2612',
    '6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9',
  ],
  [
    'Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)',
    'permit-dai',
    'ea2aa0a1be11a07ed86d755c93467f4f82362b452371d1ba94d1715123511acb',
  ],
  [
    `PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`,
    'permit2-single',
    'f3841cd1ff0085026a6327b620b67997ce40f282c88a8e905a7a5626e310f3d0',
  ],
  [
    `PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`,
    'permit2-batch',
    'af1b0d30d2cab0380e68f0689007e3254993c596f2fdd0aaa7f4d04f79440863',
  ],
  [
    `PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)${TOKEN_PERMISSIONS}`,
    'permit2-transfer',
    '939c21a48a8dbe3a9a2404a1d46691e4d39f6583d6ec6b35714604c986d80106',
  ],
  [
    `PermitBatchTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline)${TOKEN_PERMISSIONS}`,
    'permit2-batch-transfer',
    'fcf35f5ac6a2c28868dc44c302166470266239195f02b0ee408334829333b766',
  ],
  [
    `TransferWithAuthorization(${AUTHORIZATION})`,
    'transfer-with-authorization',
    '7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267',
  ],
  [
    `ReceiveWithAuthorization(${AUTHORIZATION})`,
    'transfer-with-authorization',
    'd099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8',
  ],
  [
    'CancelAuthorization(address authorizer,bytes32 nonce)',
    'cancel-authorization',
    '158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429',
  ],
  [`${ORDER}${ORDER_PARTS}`, 'seaport-order', 'fa445660b7e21515a59617fcd68910b487aa5808b8abda3d78bc85df364b2c2f'],
  [
    'Delegation(address delegatee,uint256 nonce,uint256 expiry)',
    'delegation',
    'e48329057bfd03d55e49b547132e39cffd9c1820ad7b9d4c5307691425d15adf',
  ],
  [
    'ForwardRequest(address from,address to,uint256 value,uint256 gas,uint256 nonce,bytes data)',
    'forward-request',
    'dd8f4b70b0f4393e889bd39128a30628a78b61816a9eb8199759e7a349657e48',
  ],
  [
    'ForwardRequest(address from,address to,uint256 value,uint256 gas,uint256 nonce,uint48 deadline,bytes data)',
    'forward-request',
    '7f96328b83274ebc7c1cf4f7a3abda602b51a78b7fa1d86a2ce353d75e587cac',
  ],
  [
    'SafeOp(address safe,uint256 nonce,bytes initCode,bytes callData,uint256 callGasLimit,uint256 verificationGasLimit,uint256 preVerificationGas,uint256 maxFeePerGas,uint256 maxPriorityFeePerGas,bytes paymasterAndData,uint48 validAfter,uint48 validUntil,address entryPoint)',
    'safe-operation',
    '84aa190356f56b8c87825f54884392a9907c23ee0f8e1ea86336b763faf021bd',
  ],
  [
    'SafeOp(address safe,uint256 nonce,bytes initCode,bytes callData,uint128 verificationGasLimit,uint128 callGasLimit,uint256 preVerificationGas,uint128 maxPriorityFeePerGas,uint128 maxFeePerGas,bytes paymasterAndData,uint48 validAfter,uint48 validUntil,address entryPoint)',
    'safe-operation',
    'c03dfc11d8b10bf9cf703d558958c8c42777f785d998c62060d85a4f0ef6ea7f',
  ],
  [
    'PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)',
    'user-operation',
    '29a0bca4af4be3421398da00295e58e6d7de38cb492214754cb6a47507dd6f8e',
  ],
])('%s', (encodedType, known, hash) => {
  expect(hex(keccak256(utf8(encodedType)))).toBe(`0x${hash}`);
  expect(knownType(encodedType)).toBe(known);
  expect(knownType(encodedType.replace('(', '(bool extra,'))).toBeUndefined();
});

test('bulk orders of 2 to 2^24, and no other tree', () => {
  const bulk = (tree: string): string => `BulkOrder(OrderComponents${tree} tree)${ORDER_PARTS}${ORDER}`;
  expect(knownType(bulk('[2]'))).toBe('seaport-bulk-order');
  expect(knownType(bulk('[2]'.repeat(24)))).toBe('seaport-bulk-order');
  for (const tree of ['', '[]', '[3]', '[2][]', '[2]'.repeat(25)]) expect(knownType(bulk(tree))).toBeUndefined();
});

test('Permit2 with a witness: four pinned fields, one free one, and the permissions as they are', () => {
  const head = 'PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,';
  const order = 'ExclusiveOrder(address filler,uint256 least)';
  expect(knownType(`${head}ExclusiveOrder witness)${order}${TOKEN_PERMISSIONS}`)).toBe('permit2-transfer');
  expect(knownType(`${head}bytes32 witness)${TOKEN_PERMISSIONS}`)).toBe('permit2-transfer');
  expect(
    knownType(
      `${head.replace('Witness', 'BatchWitness').replace('TokenPermissions ', 'TokenPermissions[] ')}bytes32 witness)${TOKEN_PERMISSIONS}`,
    ),
  ).toBe('permit2-batch-transfer');
  for (const other of [
    `${head}bytes32 witness,uint256 more)${TOKEN_PERMISSIONS}`,
    `${head}bytes32 witness)TokenPermissions(address token,uint128 amount)`,
    `${head.replace('uint256 nonce', 'uint128 nonce')}bytes32 witness)${TOKEN_PERMISSIONS}`,
    `${head.slice(0, -1)})${TOKEN_PERMISSIONS}`,
  ]) {
    expect(knownType(other)).toBeUndefined();
  }
});
