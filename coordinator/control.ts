/** What operators’ commands ask a running coordinator. Each answer is plain JSON. */

import type { JsonValue } from '../proto/control/message.ts';
import type { ControlCall } from '../proto/control/serve.ts';
import type { BookEntry } from '../protocol/ceremony/book.ts';
import { fingerprint } from '../protocol/ceremony/roster.ts';
import { shortName } from '../protocol/ceremony/statement.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { fromHex, toHex } from '../protocol/common/bytes.ts';
import { InvalidArgument } from '../protocol/common/errors.ts';
import { addressBytes, checksumAddress, parseAddress } from '../protocol/payload/address.ts';
import { PAYLOAD_KINDS, type Payload } from '../protocol/payload/payload.ts';
import { formatPath, parsePath } from '../protocol/threshold/derivation.ts';
import { type AskedAccount, usedPaths } from './collect/accounts.ts';
import { DEFAULT_LIFE, type Wish } from './propose.ts';
import { resultJson } from './result.ts';
import type { CoordinatorService } from './service.ts';

type Params = { readonly [key: string]: JsonValue };

export async function answerControl(service: CoordinatorService, call: ControlCall): Promise<JsonValue> {
  const params: Params = isObject(call.params) ? call.params : {};
  switch (call.method) {
    case 'status':
      return status(service);
    case 'wallets':
      return { ok: true, wallets: service.collection.wallets().map((wallet) => walletRow(service, wallet)) };
    case 'keygen': {
      const proposal = await service.proposeKeygen(textOf(params, 'wallet'), wishOf(params));
      return await followed(service, proposal.digest, call);
    }
    case 'sign': {
      const [wallet, payload, asked] = [textOf(params, 'wallet'), payloadOf(params), accountOf(params)];
      const proposal = await service.proposeSigning(wallet, payload, wishOf(params), asked);
      return await followed(service, proposal.digest, call);
    }
    case 'cancel': {
      const entry = find(service, params);
      await service.cancel(entry, textOf(params, 'reason').slice(0, 140));
      return { ok: true, ceremony: shortName(entry.ceremony.proposal.digest), cancelled: true };
    }
    case 'ceremony': {
      const entry = find(service, params);
      const { result } = service.followed(entry.ceremony.proposal.digest);
      return result === undefined ? ceremonyRow(service, entry) : resultJson(entry, result);
    }
    default:
      throw new InvalidArgument(
        'METHOD_UNKNOWN',
        call.method,
        'this coordinator does not know the request; is it of another version?',
      );
  }
}

/** Proposes, then reports every move until the ceremony has ended; `detach` returns at once. */
async function followed(service: CoordinatorService, proposal: Uint8Array, call: ControlCall): Promise<JsonValue> {
  if (isObject(call.params) && call.params['detach'] === true) return { ok: true, ceremony: shortName(proposal) };
  const changed = (): void => {
    const entry = service.home.book.get(latest(service, proposal));
    if (entry !== undefined) call.emit(ceremonyRow(service, entry));
  };
  const done = await service.finished(proposal, changed, call.signal);
  const entry = service.home.book.get(done.proposal);
  if (entry === undefined) throw new InvalidArgument('CEREMONY_UNKNOWN', 'CEREMONY', 'the ceremony is gone');
  return resultJson(entry, done.result);
}

function latest(service: CoordinatorService, proposal: Uint8Array): Uint8Array {
  const { next } = service.followed(proposal);
  return next === undefined ? proposal : latest(service, next);
}

function status(service: CoordinatorService): JsonValue {
  const { home } = service;
  return {
    name: home.self.name,
    roster: {
      name: home.roster.name,
      threshold: home.roster.threshold,
      parties: home.roster.parties.length,
      fingerprint: fingerprint(home.roster.digest).words,
    },
    connected: [...service.connected()],
    wallets: service.collection.wallets().map((wallet) => walletRow(service, wallet)),
    ceremonies: home.book.entries().map((entry) => ceremonyRow(service, entry)),
  };
}

function walletRow(service: CoordinatorService, wallet: Wallet): { readonly [key: string]: JsonValue } {
  const used = usedPaths(service.home.book.entries(), wallet.walletId);
  return {
    name: wallet.name,
    address: checksumAddress(`0x${toHex(wallet.address)}`),
    epoch: toHex(wallet.epochId),
    publicKey: toHex(wallet.publicKey),
    signed: used.get(formatPath([])) ?? 0,
    derived: service.collection.accounts.list(wallet.walletId).map(({ path, address, disputed }) => ({
      path: formatPath(path),
      address: checksumAddress(`0x${toHex(address)}`),
      signed: used.get(formatPath(path)) ?? 0,
      disputed,
    })),
  };
}

/** Both were read by the command; what comes over the socket is read again. */
function accountOf(params: Params): AskedAccount {
  const path = parsePath(params['path'] === undefined ? 'm' : textOf(params, 'path'), '--path');
  if (!path.ok) throw path.error;
  if (params['address'] === undefined) return { path: path.value };
  const address = parseAddress(textOf(params, 'address'));
  if (address === undefined || address === 'checksum') {
    throw new InvalidArgument(
      'OPTION_INVALID',
      '--address',
      'must be an address: 0x and 40 hex digits, with a right checksum',
    );
  }
  return { path: path.value, address: addressBytes(address) };
}

function ceremonyRow(service: CoordinatorService, entry: BookEntry): JsonValue {
  const { ceremony } = entry;
  const { body, digest } = ceremony.proposal;
  const { progress, result } = service.followed(digest);
  const parties = service.home.roster.parties.map(({ index, name }) => {
    const verdict = ceremony.verdicts.get(index)?.body.decision;
    const outcome = ceremony.outcomes.get(index)?.body;
    const moved = progress.find((item) => item.party === index);
    const state =
      outcome === undefined
        ? moved === undefined
          ? (verdict ?? 'no answer')
          : `${moved.stage} ${moved.step}`
        : outcome.abort === undefined
          ? 'done'
          : `aborted: ${outcome.abort.failure}`;
    return { party: index, name, state };
  });
  return {
    ceremony: shortName(digest),
    kind: body.ceremony,
    wallet: body.wallet,
    attempt: body.attempt,
    phase: result?.ending ?? (ceremony.start === undefined ? 'gathering' : 'running'),
    parties,
  };
}

function payloadOf(params: Params): Payload {
  const kind = PAYLOAD_KINDS.find((known) => known === params['kind']);
  const bytes = fromHex(textOf(params, 'bytes'));
  if (kind !== undefined && bytes !== undefined) return { kind, bytes };
  throw new InvalidArgument('PAYLOAD_UNREADABLE', 'FILE', 'the payload has no known kind');
}

function wishOf(params: Params): Wish {
  const life = params['life'] ?? DEFAULT_LIFE;
  if (typeof life !== 'number' || !Number.isInteger(life) || life < 1 || life > 604_800) {
    throw new InvalidArgument('OPTION_INVALID', '--expires-in', 'must be between 1 and 604800 seconds');
  }
  const note = textOf(params, 'note');
  if (note.length > 140) throw new InvalidArgument('OPTION_INVALID', '--note', 'must be at most 140 characters');
  return { note, life };
}

function find(service: CoordinatorService, params: Params): BookEntry {
  const name = textOf(params, 'ceremony').toLowerCase();
  const found = service.home.book.entries().filter((entry) => toHex(entry.ceremony.proposal.digest).startsWith(name));
  const [only] = found;
  if (only !== undefined && found.length === 1 && name.length >= 8) return only;
  throw new InvalidArgument(
    'CEREMONY_UNKNOWN',
    'CEREMONY',
    'no one ceremony is known by these digits; give at least 8 of them',
  );
}

function textOf(params: Params, name: string): string {
  const value = params[name];
  if (typeof value !== 'string') throw new InvalidArgument('PARAMETER_MISSING', name, 'must be given as text');
  return value;
}

function isObject(value: JsonValue): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
