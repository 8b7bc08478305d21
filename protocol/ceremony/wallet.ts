/**
 * A wallet as a document that anybody can check: the proposal that it came from and named it, and the certificate in
 * which all holders acknowledged its key. It travels with proposals, lies in every transcript, and rests on the roster
 * alone. A reshare makes another document with another certificate; the proposal in it stays the first one.
 */
import { equalBytes } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { literal, object, type Reader, read } from '../common/schema.ts';
import type { Certificate } from '../threshold/keygen/certificate.ts';
import { verifyCertificate } from '../threshold/keygen/certificate.ts';
import { certificateToJson, readCertificate } from '../threshold/keygen/certificate-json.ts';
import type { Epoch } from '../threshold/keygen/epoch.ts';
import { hasParent, walletId } from '../threshold/session-id.ts';
import { addressOf } from './address.ts';
import { verify } from './ed25519.ts';
import { type OriginProposal, openProposal, type Proposal, readProposal } from './proposal.ts';
import type { Roster } from './roster.ts';
import { importPlan, keygenPlan } from './run-plan.ts';
import { describeProblem, ENVELOPE, type Envelope, envelopeJson } from './statement.ts';

export const WALLET_SCHEMA = 'keymoot.wallet.v1';

/** A key of this roster, as its certificate shows it. */
export interface Wallet {
  /** The name that policies use, given by the proposal it came from. */
  readonly name: string;
  readonly walletId: Uint8Array;
  readonly epochId: Uint8Array;
  /** `imported`: one person held the whole key once, and may still have it. */
  readonly origin: 'generated' | 'imported';
  readonly exportable: boolean;
  /** 1 at first; each reshare raises it. */
  readonly gen: number;
  /** Digest of the roster whose parties hold this epoch. */
  readonly roster: Uint8Array;
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly epoch: Epoch;
  readonly certificate: Certificate;
  /** The proposal that the wallet came from. */
  readonly source: Envelope;
  /** The document it was read from. */
  readonly document: Json;
}

/** Of a first epoch. @param source the keygen or import that made it */
export function walletDocument(source: { readonly envelope: Envelope }, certificate: Certificate): Json {
  return {
    certificate: certificateToJson(certificate),
    proposal: envelopeJson(source.envelope),
    schema: WALLET_SCHEMA,
  };
}

/** Of the epoch that a reshare of `parent` made. */
export function nextWalletDocument(parent: Wallet, certificate: Certificate): Json {
  return walletDocument({ envelope: parent.source }, certificate);
}

/**
 * Reads and checks a wallet document of any epoch; the error is a plain sentence.
 *
 * @param roster the one whose parties hold this epoch: after a reshare to other parties, the next one
 */
export function openWallet(document: Json, roster: Roster): Result<Wallet, string> {
  const shape = read(WALLET, document);
  if (!shape.ok) return err(`the wallet document: ${describeProblem(shape.error)}`);
  const { certificate, proposal: source } = shape.value;
  const inherits = hasParent(certificate.config.purpose);
  const proposal = openSource(source, roster, inherits);
  if (!proposal.ok) return proposal;
  const { body, digest } = proposal.value;
  const id = walletId(digest, body.attempt);
  const parties = roster.parties.map((party) => ({ index: party.index, identityKey: party.statementKey }));
  const epoch = verifyCertificate(certificate, { threshold: roster.threshold, parties, verify, walletId: id });
  if (!epoch.ok) return err(`the certificate of the wallet: ${epoch.error.message}`);
  const { config, epochId, publicKey } = epoch.value;
  const misfit = inherits ? inheritanceFault(epoch.value, body) : firstFault(epoch.value, roster, digest, body);
  if (misfit !== undefined) return err(misfit);
  return ok({
    name: body.wallet,
    walletId: id,
    epochId,
    origin: body.ceremony === 'import' ? 'imported' : 'generated',
    exportable: config.exportable,
    gen: config.gen,
    roster: roster.digest,
    publicKey,
    address: addressOf(publicKey),
    epoch: epoch.value,
    certificate,
    source,
    document,
  });
}

type Source = Proposal & { readonly body: OriginProposal };

/**
 * The proposal that the wallet came from. Under a later roster its signature cannot be checked any more, and need not
 * be: walletId is a hash of it, and all holders have acknowledged walletId.
 */
function openSource(envelope: Envelope, roster: Roster, inherits: boolean): Result<Source, string> {
  const read = readProposal(envelope);
  if (!read.ok) return err(`the proposal of the wallet: ${read.error.message}`);
  const { body } = read.value;
  if (body.ceremony !== 'keygen' && body.ceremony !== 'import') {
    return err('the proposal of the wallet is neither a keygen nor an import');
  }
  if (equalBytes(body.roster, roster.digest)) {
    const opened = openProposal(envelope, roster);
    if (!opened.ok) return err(`the proposal of the wallet: ${opened.error.message}`);
  } else if (!inherits) return err('the wallet was made under another roster');
  return ok({ ...read.value, body });
}

function firstFault(epoch: Epoch, roster: Roster, digest: Uint8Array, body: OriginProposal): string | undefined {
  const plan = body.ceremony === 'keygen' ? ok(keygenPlan(roster, digest, body)) : importPlan(roster, digest, body);
  const fits = plan.ok && equalBytes(epoch.cfgHash, plan.value.cfgHash);
  return fits ? undefined : 'the certificate belongs to another configuration';
}

/** What all epochs of a wallet have in common, as far as its proposal says it. */
function inheritanceFault({ chainCodeHash, config, publicKey }: Epoch, body: OriginProposal): string | undefined {
  if (config.exportable !== body.exportable) return 'the certificate says otherwise whether the key may be exported';
  if (body.ceremony === 'keygen') return undefined;
  const isSame = equalBytes(publicKey, body.publicKey) && equalBytes(chainCodeHash, body.chainCodeHash);
  return isSame ? undefined : 'the certificate has another key than was imported';
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
