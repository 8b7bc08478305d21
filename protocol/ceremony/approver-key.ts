/** Keys of approvers: Ed25519 as everywhere, or an SSH key that a person has already. */
import { fromHex } from '../common/bytes.ts';
import { isAcceptableKey, type PublicKey, verify } from './ed25519.ts';
import { parseSshKey, verifySshSignature } from './ssh-signature.ts';
import type { StatementType, Verifier } from './statement.ts';

const BARE = 'ed25519:';

/**
 * @param key as in a policy: `ed25519:` and 64 hex digits, or a line of OpenSSH
 * @param type of the statement, which is also the namespace of an SSH signature
 * @returns undefined if it is no usable key
 */
export function approverVerifier(key: string, type: StatementType): Verifier | undefined {
  const bare = bareKey(key);
  if (bare !== undefined) return (message, signature) => verify(bare, message, signature);
  const ssh = parseSshKey(key);
  return ssh && ((message, signature) => verifySshSignature(ssh, type, message, signature));
}

/** The 32 bytes of the Ed25519 key inside, whatever its form; undefined if it is no usable key. */
export function approverPublicKey(key: string): PublicKey | undefined {
  return bareKey(key) ?? parseSshKey(key)?.publicKey;
}

function bareKey(key: string): PublicKey | undefined {
  const bytes = key.startsWith(BARE) ? fromHex(key.slice(BARE.length)) : undefined;
  return bytes !== undefined && isAcceptableKey(bytes) ? bytes : undefined;
}
