/** The wallet that a proposal names, and the one that came out of it: each by its document in the transcript. */
import type { Outcome } from '../../ceremony/outcome.ts';
import type { Proposal, ProposalBody } from '../../ceremony/proposal.ts';
import type { VerdictStatement } from '../../ceremony/verdict-statement.ts';
import type { Wallet } from '../../ceremony/wallet.ts';
import { equalBytes, toHex } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { walletId } from '../../threshold/session-id.ts';
import type { AuditCode, Finding } from '../codes.ts';
import type { Documents } from './documents.ts';
import type { Placed } from './parts.ts';
import type { Statements } from './statements.ts';

export interface Wallets {
  /** The wallet that the proposal names, in the epoch that it names: of a signing, a reshare, an export. */
  readonly named: Placed<Wallet> | undefined;
  /** The one that outcomes report: of a keygen, an import, a reshare. */
  readonly made: Placed<Wallet> | undefined;
}

export function findWallets(
  statements: Statements,
  counted: readonly Placed<VerdictStatement>[],
  documents: Documents,
): Result<Wallets, Finding> {
  const proposal = statements.proposal.value;
  const { body } = proposal;
  const named = namesWallet(body) ? findNamed(body, counted, documents) : ok(undefined);
  if (!named.ok) return named;
  const made = makesWallet(body) ? findMade(statements, documents) : ok(undefined);
  if (!made.ok) return made;
  const misfit = made.value && madeFault(proposal, made.value.value);
  if (made.value !== undefined && misfit !== undefined) return bad('WALLET_DIFFERS', made.value.seq, misfit);
  return ok({ named: named.value, made: made.value });
}

type Naming = Extract<ProposalBody, { readonly walletId: Uint8Array }>;

function namesWallet(body: ProposalBody): body is Naming {
  return body.ceremony === 'sign' || body.ceremony === 'reshare' || body.ceremony === 'export';
}

function makesWallet({ ceremony }: ProposalBody): boolean {
  return ceremony === 'keygen' || ceremony === 'import' || ceremony === 'reshare';
}

/** Needed as soon as anybody consented; the start of a refusal may lack it. */
function findNamed(
  body: Naming,
  counted: readonly Placed<VerdictStatement>[],
  documents: Documents,
): Result<Placed<Wallet> | undefined, Finding> {
  const wallets = [...documents.wallets.values()];
  const own = wallets.filter(({ value }) => equalBytes(value.walletId, body.walletId));
  const isChild = ({ value }: Placed<Wallet>): boolean => equalBytes(value.epoch.config.parentEpochId, body.epochId);
  const found =
    own.find(({ value }) => equalBytes(value.epochId, body.epochId)) ??
    own.find((placed) => body.ceremony !== 'reshare' || !isChild(placed));
  const consented = counted.some(({ value }) => value.body.decision === 'consent');
  // Only who knows the wallet gets as far as reading the payload.
  const needed = consented || counted.some(({ value }) => value.body.reading !== undefined);
  const [other] = wallets;
  if (found === undefined) {
    if (!needed) return ok(undefined);
    if (other === undefined || own.length > 0) {
      return err({ code: 'DOCUMENT_MISSING', message: 'the document of the wallet is missing' });
    }
    return bad('WALLET_DIFFERS', other.seq, 'this is not the wallet that the proposal names');
  }
  const { seq, value } = found;
  const otherAddress = body.ceremony === 'sign' && body.path.length === 0 && !equalBytes(value.address, body.address);
  const differs = value.name !== body.wallet || !equalBytes(value.epochId, body.epochId) || otherAddress;
  if (!differs || !consented) return ok(found);
  return bad('WALLET_DIFFERS', seq, 'the proposal names another name, epoch or address');
}

/** The document of what any signer reports, found by the digest that the outcomes name. */
function findMade({ outcomes }: Statements, documents: Documents): Result<Placed<Wallet> | undefined, Finding> {
  const reports = outcomes.filter(({ value }) => value.body.key !== undefined);
  // A corrupt party may name a certificate that nobody has.
  const isShown = ({ value: { body } }: Placed<Outcome>): boolean =>
    body.key !== undefined && documents.wallets.has(toHex(body.key.certificate));
  const reported = reports.find(isShown) ?? reports[0];
  const key = reported?.value.body.key;
  if (reported === undefined || key === undefined) return ok(undefined);
  const wallet = documents.wallets.get(toHex(key.certificate));
  if (wallet !== undefined) return ok(wallet);
  return bad('DOCUMENT_MISSING', reported.seq, 'the certificate of the new key is missing');
}

/** Why this is not what the proposal could lead to, whatever the round messages say. */
function madeFault({ body, digest }: Proposal, { epoch, walletId: id }: Wallet): string | undefined {
  const expected = body.ceremony === 'reshare' ? body.walletId : walletId(digest, body.attempt);
  if (!equalBytes(id, expected)) return 'this is the certificate of another wallet';
  if (body.ceremony !== 'reshare') return undefined;
  const { gen, parentEpochId } = epoch.config;
  const follows = equalBytes(parentEpochId, body.epochId) && gen === body.gen;
  return follows ? undefined : 'this is the certificate of an epoch that does not follow the one of the proposal';
}

function bad(code: AuditCode, seq: number, message: string): Result<never, Finding> {
  return err({ code, seq, message });
}
