/**
 * The certificate of an epoch (docs/protocol.md b.5): the public result and the signed acknowledgements of all share
 * holders. Whoever pins the roster can check it with nothing else at hand.
 */
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { type ParsedEnvelope, parseEnvelope, type VerifySignature, verifyEnvelope } from '../rounds/envelope.ts';
import type { EpochConfig } from '../session-id.ts';
import type { Party } from './config.ts';
import { configProblem, lineageProblem } from './config-rules.ts';
import { type Epoch, makeEpoch } from './epoch.ts';
import { DKG_ACK, ROUND_OF, writeAck } from './messages.ts';

export interface Certificate {
  readonly config: EpochConfig;
  /** sid of the run. */
  readonly sid: Uint8Array;
  /** F_0..F_{t-1}, 33 B each; Q = F_0. */
  readonly commitments: readonly Uint8Array[];
  /** X_1..X_n, 33 B each. */
  readonly publicShares: readonly Uint8Array[];
  /** ccPub. */
  readonly chainCodeHash: Uint8Array;
  /** The complete signed ACK envelope of each share holder, by index. */
  readonly acknowledgements: readonly Uint8Array[];
}

/** Why a certificate is not believed. */
export interface CertificateProblem {
  readonly code: 'CONFIG' | 'PARTIES' | 'WALLET' | 'LINEAGE' | 'POINTS' | 'ACKNOWLEDGEMENT';
  readonly message: string;
  /** Party index, where one party is concerned. */
  readonly party?: number;
}

/** What the verifier knows from elsewhere: the pinned roster and the proposal. */
export interface CertificateExpectation {
  readonly threshold: number;
  /** All share holders, in any order. */
  readonly parties: readonly Party[];
  readonly verify: VerifySignature;
  /** walletId from the proposal; not checked if absent. */
  readonly walletId?: Uint8Array;
  /** The verified parent epoch of a RESHARE or REMOVE; what is inherited is not checked if absent. */
  readonly parent?: Epoch;
}

/** Body of the ACK of every share holder of this epoch. */
export function ackBody(epoch: Epoch): Uint8Array {
  const { epochId, cfgHash, digest, config } = epoch;
  return writeAck({ epochId, parentEpochId: config.parentEpochId, gen: config.gen, cfgHash, digest });
}

/** Whether this envelope has the form and the content of a member's ACK for `epoch`; its signature is not checked. */
export function acknowledges(epoch: Epoch, pid: number, envelope: ParsedEnvelope): boolean {
  return (
    envelope.type === DKG_ACK &&
    envelope.round === ROUND_OF.get(DKG_ACK) &&
    envelope.from === pid &&
    envelope.to === 0 &&
    equalBytes(envelope.sid, epoch.sid) &&
    equalBytes(envelope.body, ackBody(epoch))
  );
}

export function makeCertificate(epoch: Epoch, acknowledgements: readonly Uint8Array[]): Certificate {
  const { config, sid, commitments, publicShares, chainCodeHash } = epoch;
  return { config, sid, commitments, publicShares, chainCodeHash, acknowledgements };
}

/** Recomputes cfgHash, X_j, digest and epochId, and checks all n signed acknowledgements. Gives the public epoch. */
export function verifyCertificate(
  certificate: Certificate,
  expected: CertificateExpectation,
): Result<Epoch, CertificateProblem> {
  const { config, acknowledgements } = certificate;
  const unusable = configProblem(config);
  if (unusable !== undefined) return err({ code: 'CONFIG', message: `The configuration is unusable: ${unusable}.` });
  const holders = config.parties
    .map((row, i) => ({ pid: i + 1, index: row.newIndex, identityKey: row.identityKey }))
    .filter((row) => row.index > 0)
    .sort((a, b) => a.index - b.index);
  const sameParties =
    config.threshold === expected.threshold &&
    holders.length === expected.parties.length &&
    holders.every((holder) =>
      expected.parties.some(
        (party) => party.index === holder.index && equalBytes(party.identityKey, holder.identityKey),
      ),
    );
  if (!sameParties)
    return err({ code: 'PARTIES', message: 'The threshold or the parties are not those of the roster.' });
  if (expected.walletId !== undefined && !equalBytes(expected.walletId, config.walletId)) {
    return err({ code: 'WALLET', message: 'The certificate belongs to another wallet.' });
  }
  const foreign = expected.parent && lineageProblem(config, expected.parent);
  if (foreign !== undefined) return err({ code: 'LINEAGE', message: `Not a child of its parent epoch: ${foreign}.` });
  const epoch = rebuild(certificate);
  if (epoch === undefined) return err({ code: 'POINTS', message: 'The public values do not belong together.' });
  if (acknowledgements.length !== holders.length) {
    return err({ code: 'ACKNOWLEDGEMENT', message: `There must be ${holders.length} acknowledgements.` });
  }
  for (const [i, holder] of holders.entries()) {
    const envelope = parseEnvelope(acknowledgements[i] ?? new Uint8Array(0));
    const valid =
      envelope !== undefined &&
      acknowledges(epoch, holder.pid, envelope) &&
      verifyEnvelope(envelope, holder.identityKey, expected.verify);
    if (!valid) {
      const message = `The acknowledgement of party ${holder.index} does not verify.`;
      return err({ code: 'ACKNOWLEDGEMENT', message, party: holder.index });
    }
  }
  return ok(epoch);
}

function rebuild(certificate: Certificate): Epoch | undefined {
  const { chainCodeHash, commitments, config, publicShares, sid } = certificate;
  const points: readonly Point[] = commitments.flatMap((bytes) => curve.decode(bytes) ?? []);
  if (points.length !== config.threshold || points.length !== commitments.length) return undefined;
  if (sid.length !== 32 || chainCodeHash.length !== 32) return undefined;
  const epoch = makeEpoch(config, sid, points, () => chainCodeHash);
  if (epoch === undefined || publicShares.length !== epoch.publicShares.length) return undefined;
  const sameShares = epoch.publicShares.every((share, i) => equalBytes(share, publicShares[i] ?? new Uint8Array(0)));
  // With a parent epoch the key and the chain code are inherited: the configuration names them.
  const inherited =
    config.purpose === 'KEYGEN' ||
    (equalBytes(config.publicKey, epoch.publicKey) && equalBytes(config.chainCodeHash, chainCodeHash));
  return sameShares && inherited ? epoch : undefined;
}
