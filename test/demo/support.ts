/** A plain single key in the place of the group's, for what the demo's chain does with any valid signature. */
import { type Address, type Hex, hashTypedData, type TypedDataDefinition } from 'viem';
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import type { SafePayload, SafeSignature } from '../../coordinator/demo/safe-tx.ts';

export function testOwner(): PrivateKeyAccount {
  return privateKeyToAccount(generatePrivateKey());
}

/** Digest of a Safe payload by viem, with the types as the document gives them. */
export function digestOf(payload: SafePayload): Hex {
  const { types, primaryType, domain, message } = payload.typedData;
  // As wide as the document is: viem would otherwise want the types at compile time.
  const document: TypedDataDefinition = {
    types: { SafeTx: types.SafeTx, EIP712Domain: types.EIP712Domain },
    primaryType,
    domain: { chainId: BigInt(domain.chainId), verifyingContract: domain.verifyingContract },
    message: { ...message },
  };
  return hashTypedData(document);
}

export async function signSafe(owner: PrivateKeyAccount, digest: Hex): Promise<SafeSignature> {
  const address: Address = owner.address;
  return { owner: address, signature: await owner.sign({ hash: digest }) };
}
