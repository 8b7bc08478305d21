/** What operators’ commands ask a running coordinator. Each answer is plain JSON. */

import { listOf } from '../proto/control/answer.ts';
import type { JsonValue } from '../proto/control/message.ts';
import type { ControlCall } from '../proto/control/serve.ts';
import { isKeyChange } from '../protocol/ceremony/agreement.ts';
import type { BookEntry } from '../protocol/ceremony/book.ts';
import type { Restored } from '../protocol/ceremony/proposal-terms.ts';
import { fingerprint, MAX_PARTIES } from '../protocol/ceremony/roster.ts';
import { readRoster } from '../protocol/ceremony/roster-file.ts';
import { shortName } from '../protocol/ceremony/statement.ts';
import { fromHex, toHex } from '../protocol/common/bytes.ts';
import { canonicalBytes } from '../protocol/common/canonical-json.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import { addressBytes, parseAddress } from '../protocol/payload/address.ts';
import { PAYLOAD_KINDS, type Payload } from '../protocol/payload/payload.ts';
import { parsePath } from '../protocol/threshold/derivation.ts';
import type { AskedAccount } from './collect/accounts.ts';
import { DEFAULT_LIFE, type Wish } from './propose.ts';
import type { ImportWish, ReshareWish } from './propose-change.ts';
import { resultJson } from './result.ts';
import { ceremonyRow, status, walletRow } from './rows.ts';
import type { CoordinatorService } from './service.ts';

type Params = { readonly [key: string]: JsonValue };

export async function answerControl(service: CoordinatorService, call: ControlCall): Promise<JsonValue> {
  const params: Params = isObject(call.params) ? call.params : {};
  switch (call.method) {
    case 'status':
      return status(service);
    case 'wallets':
      return { ok: true, wallets: service.collection.wallets().map((wallet) => walletRow(service, wallet)) };
    case 'adopt':
      return await adopt(service, params);
    case 'keygen': {
      const exportable = params['exportable'] === true;
      const proposal = await service.proposeKeygen(textOf(params, 'wallet'), exportable, wishOf(params));
      return await followed(service, proposal.digest, call);
    }
    case 'reshare': {
      const proposal = await service.proposeReshare(textOf(params, 'wallet'), reshareOf(params), wishOf(params));
      return await followed(service, proposal.digest, call);
    }
    case 'import': {
      const proposal = await service.proposeImport(textOf(params, 'wallet'), importOf(params), wishOf(params));
      return await followed(service, proposal.digest, call);
    }
    case 'export': {
      const recipient = bytesOf(params, 'recipient', 32);
      const proposal = await service.proposeExport(textOf(params, 'wallet'), recipient, wishOf(params));
      return await followed(service, proposal.digest, call);
    }
    case 'sealed-shares':
      return sealedShares(service, find(service, params));
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
    case 'freeze': {
      const wallet = params['wallet'] === undefined ? undefined : textOf(params, 'wallet');
      const { freeze, told } = await service.freeze(wallet, textOf(params, 'reason'));
      return { ok: true, freeze: toHex(freeze), told };
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
  if (isObject(call.params) && call.params['detach'] === true) return detached(service, proposal);
  const changed = (): void => {
    const entry = service.home.book.get(latest(service, proposal));
    if (entry !== undefined) call.emit(ceremonyRow(service, entry));
  };
  const done = await service.finished(proposal, changed, call.signal);
  const entry = service.home.book.get(done.proposal);
  if (entry === undefined) throw new InvalidArgument('CEREMONY_UNKNOWN', 'CEREMONY', 'the ceremony is gone');
  return resultJson(entry, done.result);
}

/** Nobody waits; but a change of a key is told in full even so, with the time until it can start. */
function detached(service: CoordinatorService, proposal: Uint8Array): JsonValue {
  const entry = service.home.book.get(proposal);
  const isChange = entry !== undefined && isKeyChange(entry.ceremony.proposal.body);
  return { ok: true, ceremony: shortName(proposal), ...(isChange ? ceremonyRow(service, entry) : {}) };
}

function latest(service: CoordinatorService, proposal: Uint8Array): Uint8Array {
  const { next } = service.followed(proposal);
  return next === undefined ? proposal : latest(service, next);
}

async function adopt(service: CoordinatorService, params: Params): Promise<JsonValue> {
  const next = readRoster(textOf(params, 'roster'));
  if (!next.ok) throw new InvalidArgument(next.error.code, 'ROSTER', next.error.message);
  await service.adopt(next.value);
  return { ok: true, version: next.value.version, fingerprint: fingerprint(next.value.digest).words };
}

/** What the recipient of an export needs: the wallet in its epoch, and the share of each party, sealed to it. */
function sealedShares(service: CoordinatorService, entry: BookEntry): JsonValue {
  const { body } = entry.ceremony.proposal;
  const wallet = body.ceremony === 'export' ? service.collection.epoch(body.epochId) : undefined;
  if (wallet === undefined) throw new Refusal('NOT_AN_EXPORT', 'this ceremony hands over no key');
  const utf8 = new TextDecoder();
  return {
    ok: true,
    wallet: utf8.decode(canonicalBytes(wallet.document)),
    shares: service.sealedShares(entry).map((bytes) => utf8.decode(bytes)),
  };
}

function reshareOf(params: Params): ReshareWish {
  const { dealers, refresh, restored } = params;
  const pairs = listOf(restored).map((row): Restored => ({ oldIndex: indexAt(row, 0), joining: indexAt(row, 1) }));
  return {
    refresh: refresh === true,
    restored: pairs,
    ...(dealers === undefined ? {} : { dealers: listOf(dealers).map((dealer) => indexIn(dealer)) }),
  };
}

function indexAt(row: JsonValue, at: number): number {
  return indexIn(listOf(row)[at]);
}

function indexIn(value: JsonValue | undefined): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_PARTIES) return value;
  throw new InvalidArgument('OPTION_INVALID', 'INDEX', `an index of a party is a number from 1 to ${MAX_PARTIES}`);
}

function importOf(params: Params): ImportWish {
  return {
    holder: indexIn(params['holder']),
    publicKey: bytesOf(params, 'publicKey', 33),
    chainCodeHash: bytesOf(params, 'chainCodeHash', 32),
    exportable: params['exportable'] === true,
  };
}

function bytesOf(params: Params, name: string, length: number): Uint8Array {
  const bytes = fromHex(textOf(params, name));
  if (bytes?.length === length) return bytes;
  throw new InvalidArgument('OPTION_INVALID', name, `must be ${length} bytes in hex`);
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

function payloadOf(params: Params): Payload {
  const kind = PAYLOAD_KINDS.find((known) => known === params['kind']);
  const bytes = fromHex(textOf(params, 'bytes'));
  if (kind !== undefined && bytes !== undefined) {
    if (params['preimages'] === undefined) return { kind, bytes };
    const preimages = listOf(params['preimages']).map(hexIn);
    const known = preimages.filter((preimage) => preimage !== undefined);
    if (known.length > 0 && known.length === preimages.length) return { kind, bytes, preimages: known };
  }
  throw new InvalidArgument('PAYLOAD_UNREADABLE', 'FILE', 'the payload has no known kind');
}

function hexIn(value: JsonValue): Uint8Array | undefined {
  return typeof value === 'string' ? fromHex(value) : undefined;
}

function wishOf(params: Params): Wish {
  const life = params['life'] ?? DEFAULT_LIFE;
  if (typeof life !== 'number' || !Number.isInteger(life) || life < 1 || life > 604_800) {
    throw new InvalidArgument('OPTION_INVALID', '--expires-in', 'must be between 1 and 604800 seconds');
  }
  const note = textOf(params, 'note');
  if (note.length > 140) throw new InvalidArgument('OPTION_INVALID', '--note', 'must be at most 140 characters');
  return params['life'] === undefined ? { note, life, isDefault: true } : { note, life };
}

function find(service: CoordinatorService, params: Params): BookEntry {
  const name = textOf(params, 'ceremony').toLowerCase();
  const found = service.home.book.entries().filter((entry) => toHex(entry.ceremony.proposal.digest).startsWith(name));
  const [only] = found;
  if (only !== undefined && found.length === 1 && name.length >= 8) return only;
  throw new InvalidArgument(
    'CEREMONY_UNKNOWN',
    'CEREMONY',
    'no one ceremony of this roster is known by these digits; give at least 8 of them',
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
