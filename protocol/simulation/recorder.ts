/** Watches one run of the EVM: who calls whom, whose code runs as whom, who writes which word, what is created. */
import type { EVM, EVMResult, Message } from '@ethereumjs/evm';
import { toHex } from '../common/bytes.ts';
import type { Address } from '../payload/address.ts';
import type { NativeMovement } from './report.ts';
import type { SimulationLimits } from './source.ts';
import { addressText, type SimulatedState } from './state.ts';
import { SimulationStop } from './stop.ts';

interface Frame {
  /** Whose money and storage this frame uses; of a creation only known afterwards. */
  account: Address | undefined;
  /** Whose code it runs. */
  readonly code: Address | undefined;
  readonly caller: Address;
  readonly depth: number;
  readonly parent: Frame | undefined;
  readonly value: bigint;
  readonly isDelegate: boolean;
  readonly isCreate: boolean;
  readonly selector: string | undefined;
  hasFailed: boolean;
}

/** A keccak input that looks like the place of a mapping's entry: its key and the slot of the mapping. */
export interface MappingEntry {
  readonly key: bigint;
  readonly base: bigint;
}

export interface SeenDelegateCall {
  readonly account: Address;
  readonly target: Address;
  readonly selector: string | undefined;
  readonly isUndone: boolean;
}

/** More than any real transaction hashes; from there on entries of lists are no longer named. */
const MAX_MAPPINGS = 50_000;
/** Mappings of contracts sit in their first slots. */
const HIGHEST_BASE = 255n;

export class Recorder {
  readonly #limits: SimulationLimits;
  readonly #frames: Frame[] = [];
  readonly #stack: Frame[] = [];
  /** `account slot` to whoever wrote it last. */
  readonly #writers = new Map<string, Address>();
  readonly #mappings = new Map<bigint, MappingEntry>();
  readonly #destroyed: { readonly address: Address; readonly beneficiary: Address }[] = [];

  constructor(limits: SimulationLimits) {
    this.#limits = limits;
  }

  attach(evm: EVM, state: SimulatedState): void {
    evm.events.on('beforeMessage', (message) => this.#enter(message));
    evm.events.on('afterMessage', (result) => this.#leave(result));
    state.onWrite = (account, slot) => {
      const frame = this.#stack.at(-1);
      this.#writers.set(`${account} ${slot.toString(16)}`, frame?.code ?? account);
    };
  }

  /** For the EVM's own hashing: remembers inputs that look like the entry of a mapping. */
  hashed(input: Uint8Array, output: Uint8Array): void {
    if (input.length !== 64 || this.#mappings.size >= MAX_MAPPINGS) return;
    const base = BigInt(`0x${toHex(input.subarray(32))}`);
    if (base > HIGHEST_BASE) return;
    const key = BigInt(`0x${toHex(input.subarray(0, 32))}`);
    this.#mappings.set(BigInt(`0x${toHex(output)}`), { key, base });
  }

  mapping(slot: bigint): MappingEntry | undefined {
    return this.#mappings.get(slot);
  }

  writer(account: Address, slot: bigint): Address {
    return this.#writers.get(`${account} ${slot.toString(16)}`) ?? account;
  }

  ended(selfdestructs: Iterable<readonly [string, string]>): void {
    for (const [address, beneficiary] of selfdestructs) {
      this.#destroyed.push({ address: lower(address), beneficiary: lower(beneficiary) });
    }
  }

  get destroyed(): readonly { readonly address: Address; readonly beneficiary: Address }[] {
    return this.#destroyed;
  }

  /** Money that calls moved, in order, without those that a revert took back. */
  get moved(): readonly NativeMovement[] {
    return this.#frames.flatMap((frame) => {
      const { account, caller, isDelegate, value } = frame;
      if (value === 0n || isDelegate || account === undefined || account === caller || isUndone(frame)) return [];
      return [{ from: caller, to: account, amount: value }];
    });
  }

  /** Code that ran as another account, in order, each pair once; those that a revert took back among them. */
  get delegatecalls(): readonly SeenDelegateCall[] {
    const seen = new Map<string, SeenDelegateCall>();
    for (const frame of this.#frames) {
      const { account, code, selector } = frame;
      if (account === undefined || code === undefined || frame.isCreate || account === code) continue;
      const name = `${account} ${code} ${selector ?? ''}`;
      const undone = isUndone(frame);
      if (seen.get(name)?.isUndone === false) continue;
      seen.set(name, { account, target: code, selector, isUndone: undone });
    }
    return [...seen.values()];
  }

  get created(): readonly { readonly address: Address; readonly creator: Address }[] {
    return this.#frames.flatMap((frame) =>
      frame.isCreate && frame.account !== undefined && !isUndone(frame)
        ? [{ address: frame.account, creator: frame.caller }]
        : [],
    );
  }

  /** Whether `account` was called by anybody within the run, at any depth. */
  get calls(): number {
    return this.#frames.length;
  }

  #enter(message: Message): void {
    if (this.#frames.length >= this.#limits.maxCalls) {
      throw new SimulationStop('SIM_LIMIT', `it makes more than ${this.#limits.maxCalls} calls`);
    }
    const { data, delegatecall, depth, to, value } = message;
    this.#stack.length = Math.min(this.#stack.length, depth);
    const account = to === undefined ? undefined : addressText(to);
    const frame: Frame = {
      account,
      code: to === undefined ? undefined : addressText(message.codeAddress),
      // A delegatecall keeps the caller of its caller.
      caller: delegatecall && account !== undefined ? account : addressText(message.caller),
      depth,
      parent: this.#stack.at(-1),
      value,
      isDelegate: delegatecall,
      isCreate: to === undefined,
      selector: to === undefined || data.length < 4 ? undefined : toHex(data.subarray(0, 4)),
      hasFailed: false,
    };
    this.#frames.push(frame);
    this.#stack.push(frame);
  }

  #leave({ createdAddress, execResult }: EVMResult): void {
    const frame = this.#stack.pop();
    if (frame === undefined) return;
    if (createdAddress !== undefined) frame.account = addressText(createdAddress);
    frame.hasFailed = execResult.exceptionError !== undefined;
  }
}

function isUndone(frame: Frame): boolean {
  for (let at: Frame | undefined = frame; at !== undefined; at = at.parent) if (at.hasFailed) return true;
  return false;
}

function lower(address: string): Address {
  return `0x${address.replace(/^0x/, '').toLowerCase()}`;
}
