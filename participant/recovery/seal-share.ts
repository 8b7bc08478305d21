/** One party's part of an export: its share and the chain code, sealed to the recipient (docs/protocol.md f.5). */
import { type SealedShareBody, sealedShareInfo } from '../../protocol/ceremony/sealed-share.ts';
import { concat } from '../../protocol/common/bytes.ts';
import type { Refusal } from '../../protocol/common/errors.ts';
import type { Result } from '../../protocol/common/result.ts';
import type { Keyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { type Sealed, seal } from './hpke.ts';

/** What the ciphertext is bound to. */
export type SealedFor = Pick<SealedShareBody, 'sessionId' | 'epochId' | 'recipient' | 'party'>;

/** `share 32 | chain code 32`, sealed. Refused with `RECIPIENT_KEY_INVALID`. */
export async function sealShare(
  { chainCode, share }: Pick<Keyshare, 'share' | 'chainCode'>,
  about: SealedFor,
): Promise<Result<Sealed, Refusal>> {
  const plaintext = share.use((x) => chainCode.use((code) => concat(scalarToBytes(x), code)));
  try {
    return await seal(about.recipient, sealedShareInfo(about), plaintext);
  } finally {
    plaintext.fill(0);
  }
}
