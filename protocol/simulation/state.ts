/**
 * The EVM's view of the state: what the source claims, with the changes of this one simulation on top. Checkpoints are kept
 * as a list of what to undo, so that a call costs what it changes and no copy of anything.
 */
import type { AccountFields, StateManagerInterface } from '@ethereumjs/common';
import { type Account, createAccount, type Address as EvmAddress, KECCAK256_NULL } from '@ethereumjs/util';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { fromHex, toHex } from '../common/bytes.ts';
import type { Address } from '../payload/address.ts';
import type { StateSource } from './source.ts';

/** What is different from the claimed state before anything runs; each one is named in the report. */
export interface StateOverrides {
  readonly balances: ReadonlyMap<Address, bigint>;
  readonly nonces: ReadonlyMap<Address, bigint>;
  readonly codes: ReadonlyMap<Address, Uint8Array>;
  /** Account, then slot, then word. */
  readonly words: ReadonlyMap<Address, ReadonlyMap<bigint, bigint>>;
}

export const NO_OVERRIDES: StateOverrides = {
  balances: new Map(),
  nonces: new Map(),
  codes: new Map(),
  words: new Map(),
};

interface Entry {
  readonly exists: boolean;
  readonly nonce: bigint;
  readonly balance: bigint;
  readonly code: Uint8Array;
  readonly codeHash: Uint8Array;
}

const NO_CODE = new Uint8Array(0);
const ABSENT: Entry = { exists: false, nonce: 0n, balance: 0n, code: NO_CODE, codeHash: KECCAK256_NULL };

export interface WrittenWord {
  readonly account: Address;
  readonly slot: bigint;
  readonly before: bigint;
  readonly after: bigint;
}

export class SimulatedState implements StateManagerInterface {
  readonly originalStorageCache: StateManagerInterface['originalStorageCache'];
  /** Told of each write before it happens, so that the writer can be named. */
  onWrite: (account: Address, slot: bigint) => void = () => undefined;
  readonly #source: StateSource;
  readonly #overrides: StateOverrides;
  readonly #before = new Map<Address, Entry>();
  readonly #wordsBefore = new Map<string, bigint>();
  readonly #accounts = new Map<Address, Entry>();
  readonly #words = new Map<string, { readonly account: Address; readonly slot: bigint; word: bigint }>();
  /** Storage of these began empty in this simulation. */
  readonly #cleared = new Set<Address>();
  readonly #undo: (() => void)[] = [];
  readonly #checkpoints: number[] = [];

  constructor(source: StateSource, overrides: StateOverrides) {
    this.#source = source;
    this.#overrides = overrides;
    this.originalStorageCache = {
      get: async (address, key) => wordBytes(await this.wordBefore(addressText(address), slotOf(key))),
      clear: () => undefined,
    };
  }

  /** The account before the simulation, overrides included. */
  async accountBefore(address: Address): Promise<Pick<Entry, 'nonce' | 'balance' | 'code'>> {
    return await this.#original(address);
  }

  /** A word before the simulation, overrides included. */
  async wordBefore(account: Address, slot: bigint): Promise<bigint> {
    const name = wordName(account, slot);
    const known = this.#wordsBefore.get(name);
    if (known !== undefined) return known;
    const word = this.#overrides.words.get(account)?.get(slot) ?? (await this.#source.storage(account, slot));
    this.#wordsBefore.set(name, word);
    return word;
  }

  /** Words that differ now, in the order of their first write. */
  async changedWords(): Promise<readonly WrittenWord[]> {
    const result: WrittenWord[] = [];
    for (const { account, slot, word } of this.#words.values()) {
      const before = await this.wordBefore(account, slot);
      if (before !== word) result.push({ account, slot, before, after: word });
    }
    return result;
  }

  /** Accounts that were read or changed, with their balance before and now. */
  async balances(): Promise<readonly { readonly account: Address; readonly before: bigint; readonly after: bigint }[]> {
    const touched = new Set([...this.#before.keys(), ...this.#accounts.keys()]);
    const result = [];
    for (const account of touched) {
      const before = (await this.#original(account)).balance;
      result.push({ account, before, after: (await this.#now(account)).balance });
    }
    return result;
  }

  async codeNow(address: Address): Promise<Uint8Array> {
    return (await this.#now(address)).code;
  }

  async getAccount(address: EvmAddress): Promise<Account | undefined> {
    const { balance, codeHash, exists, nonce } = await this.#now(addressText(address));
    // A fresh object each time: the EVM changes what it gets, even where it fails afterwards.
    return exists ? createAccount({ nonce, balance, codeHash }) : undefined;
  }

  async putAccount(address: EvmAddress, account?: Account): Promise<void> {
    const name = addressText(address);
    if (account === undefined) return this.#set(name, ABSENT);
    const { code, codeHash } = await this.#now(name);
    this.#set(name, { exists: true, nonce: account.nonce, balance: account.balance, code, codeHash });
  }

  deleteAccount(address: EvmAddress): Promise<void> {
    this.#set(addressText(address), ABSENT);
    return Promise.resolve();
  }

  async modifyAccountFields(address: EvmAddress, fields: AccountFields): Promise<void> {
    const account = (await this.getAccount(address)) ?? createAccount({});
    account.nonce = fields.nonce ?? account.nonce;
    account.balance = fields.balance ?? account.balance;
    await this.putAccount(address, account);
  }

  async putCode(address: EvmAddress, value: Uint8Array): Promise<void> {
    const name = addressText(address);
    const { balance, nonce } = await this.#now(name);
    const code = value.slice();
    this.#set(name, { exists: true, nonce, balance, code, codeHash: keccak_256(code) });
  }

  async getCode(address: EvmAddress): Promise<Uint8Array> {
    return (await this.#now(addressText(address))).code;
  }

  async getCodeSize(address: EvmAddress): Promise<number> {
    return (await this.getCode(address)).length;
  }

  /** Without leading zeros, as the EVM expects; empty for 0. */
  async getStorage(address: EvmAddress, key: Uint8Array): Promise<Uint8Array> {
    const account = addressText(address);
    const slot = slotOf(key);
    const written = this.#words.get(wordName(account, slot));
    if (written !== undefined) return wordBytes(written.word);
    return this.#cleared.has(account) ? NO_CODE : wordBytes(await this.wordBefore(account, slot));
  }

  putStorage(address: EvmAddress, key: Uint8Array, value: Uint8Array): Promise<void> {
    const account = addressText(address);
    const slot = slotOf(key);
    this.onWrite(account, slot);
    const name = wordName(account, slot);
    const old = this.#words.get(name);
    this.#words.set(name, { account, slot, word: slotOf(value) });
    this.#undo.push(() => (old === undefined ? this.#words.delete(name) : this.#words.set(name, old)));
    return Promise.resolve();
  }

  /** Only ever called for the address of a new contract, which has no storage. */
  clearStorage(address: EvmAddress): Promise<void> {
    const account = addressText(address);
    if (!this.#cleared.has(account)) {
      this.#cleared.add(account);
      this.#undo.push(() => this.#cleared.delete(account));
    }
    return Promise.resolve();
  }

  checkpoint(): Promise<void> {
    this.#checkpoints.push(this.#undo.length);
    return Promise.resolve();
  }

  commit(): Promise<void> {
    this.#checkpoints.pop();
    return Promise.resolve();
  }

  revert(): Promise<void> {
    const length = this.#checkpoints.pop() ?? 0;
    while (this.#undo.length > length) this.#undo.pop()?.();
    return Promise.resolve();
  }

  getStateRoot(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(32));
  }

  setStateRoot(): Promise<void> {
    return Promise.resolve();
  }

  hasStateRoot(): Promise<boolean> {
    return Promise.resolve(false);
  }

  clearCaches(): void {
    // What was asked once stays asked: one simulation, one state.
  }

  shallowCopy(): StateManagerInterface {
    return new SimulatedState(this.#source, this.#overrides);
  }

  async #now(address: Address): Promise<Entry> {
    return this.#accounts.get(address) ?? (await this.#original(address));
  }

  #set(address: Address, entry: Entry): void {
    const old = this.#accounts.get(address);
    this.#accounts.set(address, entry);
    this.#undo.push(() => (old === undefined ? this.#accounts.delete(address) : this.#accounts.set(address, old)));
  }

  async #original(address: Address): Promise<Entry> {
    const known = this.#before.get(address);
    if (known !== undefined) return known;
    const claimed = await this.#source.account(address);
    const nonce = this.#overrides.nonces.get(address) ?? claimed.nonce;
    const balance = this.#overrides.balances.get(address) ?? claimed.balance;
    const code = this.#overrides.codes.get(address) ?? claimed.code;
    const codeHash = code.length === 0 ? KECCAK256_NULL : keccak_256(code);
    const entry = { exists: nonce > 0n || balance > 0n || code.length > 0, nonce, balance, code, codeHash };
    this.#before.set(address, entry);
    return entry;
  }
}

export function addressText(address: EvmAddress): Address {
  return `0x${toHex(address.bytes)}`;
}

/** 64 lower hex digits. */
export function wordHex(word: bigint): string {
  return word.toString(16).padStart(64, '0');
}

function wordName(account: Address, slot: bigint): string {
  return `${account} ${slot.toString(16)}`;
}

function slotOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

function wordBytes(word: bigint): Uint8Array {
  if (word === 0n) return NO_CODE;
  const digits = word.toString(16);
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`) ?? NO_CODE;
}
