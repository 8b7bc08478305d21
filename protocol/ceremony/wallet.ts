/**
 * A wallet as a document that anybody can check: the keygen proposal that named it, and the certificate in which all
 * parties acknowledged its key. It travels with proposals, lies in every transcript, and rests on the roster alone.
 */
import { equalBytes } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { literal, object, type Reader, read } from '../common/schema.ts';
import type { Certificate } from '../threshold/keygen/certificate.ts';
import { verifyCertificate } from '../threshold/keygen/certificate.ts';
import { certificateToJson, readCertificate } from '../threshold/keygen/certificate-json.ts';
import type { Epoch } from '../threshold/keygen/epoch.ts';
import { addressOf } from './address.ts';
import { verify } from './ed25519.ts';
import { openProposal, type Proposal } from './proposal.ts';
import type { Roster } from './roster.ts';
import { keygenPlan } from './session-binding.ts';
import { describeProblem, ENVELOPE, type Envelope, envelopeJson } from './statement.ts';

export const WALLET_SCHEMA = 'keymoot.wallet.v1';

/** A key of this roster, as its certificate shows it. */
export interface Wallet {
  /** The name that policies use, given by the keygen proposal. */
  readonly name: string;
  readonly walletId: Uint8Array;
  readonly epochId: Uint8Array;
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly epoch: Epoch;
  readonly certificate: Certificate;
  /** The document it was read from. */
  readonly document: Json;
}

export function walletDocument(proposal: Proposal, certificate: Certificate): Json {
  return {
    certificate: certificateToJson(certificate),
    proposal: envelopeJson(proposal.envelope),
    schema: WALLET_SCHEMA,
  };
}

/** Reads and checks a wallet document; the error is a plain sentence. */
export function openWallet(document: Json, roster: Roster): Result<Wallet, string> {
  const shape = read(WALLET, document);
  if (!shape.ok) return err(`the wallet document: ${describeProblem(shape.error)}`);
  const proposal = openProposal(shape.value.proposal, roster);
  if (!proposal.ok) return err(`the keygen proposal of the wallet: ${proposal.error.message}`);
  const { body, digest } = proposal.value;
  if (body.ceremony !== 'keygen') return err('the proposal of the wallet is not a keygen');
  if (!equalBytes(body.roster, roster.digest)) return err('the wallet was made under another roster');
  const { walletId, cfgHash } = keygenPlan(roster, digest, body);
  const parties = roster.parties.map((party) => ({ index: party.index, identityKey: party.statementKey }));
  const epoch = verifyCertificate(shape.value.certificate, { threshold: roster.threshold, parties, verify, walletId });
  if (!epoch.ok) return err(`the certificate of the wallet: ${epoch.error.message}`);
  if (!equalBytes(epoch.value.cfgHash, cfgHash)) return err('the certificate belongs to another configuration');
  return ok({
    name: body.wallet,
    walletId,
    epochId: epoch.value.epochId,
    publicKey: epoch.value.publicKey,
    address: addressOf(epoch.value.publicKey),
    epoch: epoch.value,
    certificate: shape.value.certificate,
    document,
  });
}

interface WalletShape {
  readonly certificate: Certificate;
  readonly proposal: Envelope;
  readonly schema: string;
}

const WALLET: Reader<WalletShape> = object<WalletShape>({
  certificate: readCertificate,
  proposal: ENVELOPE,
  schema: literal(WALLET_SCHEMA),
});
