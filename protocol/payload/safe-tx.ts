/** A Safe transaction as typed data, and its EIP-712 hash, computed here from the definition. */
import { concat, fromHex } from '../common/bytes.ts';
import type { Address } from './address.ts';
import type { SafeGas } from './calldata/call.ts';
import { keccak256 } from './keccak.ts';
import { addressWord, numberWord } from './word.ts';

/**
 * `chain-bound`: Safe 1.3.0 and later, domain {chainId, verifyingContract}. `legacy`: Safe 1.0 to 1.2, domain
 * {verifyingContract}, so that one signature is valid on every chain where this Safe exists.
 */
export type SafeDomain = 'chain-bound' | 'legacy';

export interface SafeTx extends SafeGas {
  readonly safe: Address;
  readonly domain: SafeDomain;
  /** `undefined` for the legacy domain. */
  readonly chainId: bigint | undefined;
  readonly to: Address;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly operation: 0 | 1;
  readonly nonce: bigint;
  /** What `baseGas` is called in the signed type; `dataGas` in Safe 0.1.0 alone. */
  readonly gasField: 'baseGas' | 'dataGas';
}

/** keccak256 of the encoded types; test/payload recomputes them. */
export const SAFE_TX_TYPE_HASH = 'bb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8';
/** Safe 0.1.0. */
export const SAFE_TX_TYPE_HASH_0_1 = '14d461bc7412367e924637b363c7bf29b8f47e2f84869f4426e5633d8af47b20';
export const CHAIN_BOUND_DOMAIN_TYPE_HASH = '47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218';
export const LEGACY_DOMAIN_TYPE_HASH = '035aff83d86937d35b32e04f0ddc6ff469290eef2f1b692d8a815c89404d4749';

/** The 32 bytes an owner signs: keccak256(0x19 01, domain separator, struct hash). */
export function safeTxDigest(tx: SafeTx): Uint8Array {
  return keccak256(concat(Uint8Array.of(0x19, 0x01), safeDomainSeparator(tx), safeTxStructHash(tx)));
}

export function safeDomainSeparator(tx: Pick<SafeTx, 'safe' | 'chainId'>): Uint8Array {
  const chain = tx.chainId === undefined ? [LEGACY_DOMAIN_WORD] : chainWords(tx.chainId);
  return keccak256(concat(...chain, addressWord(tx.safe)));
}

export function safeTxStructHash(tx: SafeTx): Uint8Array {
  return keccak256(
    concat(
      tx.gasField === 'dataGas' ? TYPE_WORD_0_1 : TYPE_WORD,
      addressWord(tx.to),
      numberWord(tx.value),
      keccak256(tx.data),
      numberWord(BigInt(tx.operation)),
      numberWord(tx.safeTxGas),
      numberWord(tx.baseGas),
      numberWord(tx.gasPrice),
      addressWord(tx.gasToken),
      addressWord(tx.refundReceiver),
      numberWord(tx.nonce),
    ),
  );
}

function chainWords(chainId: bigint): readonly Uint8Array[] {
  return [CHAIN_BOUND_DOMAIN_WORD, numberWord(chainId)];
}

function word(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes?.length !== 32) throw new RangeError('a word is 32 bytes');
  return bytes;
}

const TYPE_WORD = word(SAFE_TX_TYPE_HASH);
const TYPE_WORD_0_1 = word(SAFE_TX_TYPE_HASH_0_1);
const CHAIN_BOUND_DOMAIN_WORD = word(CHAIN_BOUND_DOMAIN_TYPE_HASH);
const LEGACY_DOMAIN_WORD = word(LEGACY_DOMAIN_TYPE_HASH);
