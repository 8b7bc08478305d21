/**
 * A pinned state: what one simulation asked a node, kept in a file, so that a machine without a network can run the same
 * simulation on it. It is as true as the node that it came from.
 */
import { toHex } from '../../protocol/common/bytes.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import {
  bytes,
  decimal,
  dictionary,
  literal,
  object,
  optional,
  type Reader,
  read,
  text,
} from '../../protocol/common/schema.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';
import type { Address } from '../../protocol/payload/address.ts';
import type { AccountFacts, BlockFacts, StateSource } from '../../protocol/simulation/source.ts';

/** Characters of a state file. */
export const MAX_STATE_FILE: number = 16 * 1024 * 1024;

const SCHEMA = 'keymoot.state.v1';
const WORD = /^[0-9a-f]{64}$/;
const ADDRESS = /^0x[0-9a-f]{40}$/;
const NUMBER = decimal((1n << 256n) - 1n);
const MAX_ENTRIES = 100_000;
const MAX_CODE = 128 * 1024;

interface StoredAccount extends AccountFacts {
  readonly storage: ReadonlyMap<string, bigint>;
}

interface StoredBlock {
  readonly number: bigint;
  readonly hash: string;
  readonly timestamp: bigint;
  readonly coinbase: string;
  readonly gasLimit: bigint;
  readonly baseFee?: bigint | undefined;
  readonly prevRandao: string;
  readonly blobBaseFee?: bigint | undefined;
}

interface StoredState {
  readonly schema: typeof SCHEMA;
  readonly source: string;
  readonly chainId: bigint;
  readonly block: StoredBlock;
  readonly accounts: ReadonlyMap<string, StoredAccount>;
}

const wordText = text({ min: 64, max: 64, pattern: WORD });

/** A word as 64 hex digits. */
const word: Reader<bigint> = (value, field) => BigInt(`0x${wordText(value, field)}`);

const STATE: Reader<StoredState> = object<StoredState>({
  schema: literal(SCHEMA),
  source: text({ min: 1, max: 200, pattern: /^[\x20-\x7e]+$/ }),
  chainId: NUMBER,
  block: object<StoredBlock>({
    number: NUMBER,
    hash: wordText,
    timestamp: NUMBER,
    coinbase: text({ min: 42, max: 42, pattern: ADDRESS }),
    gasLimit: NUMBER,
    baseFee: optional(NUMBER),
    prevRandao: wordText,
    blobBaseFee: optional(NUMBER),
  }),
  accounts: dictionary(
    ADDRESS,
    object<StoredAccount>({
      nonce: NUMBER,
      balance: NUMBER,
      code: bytes({ max: MAX_CODE }),
      storage: dictionary(WORD, word, MAX_ENTRIES),
    }),
    MAX_ENTRIES,
  ),
});

/** A source that knows what the file knows and nothing else; the error is one sentence. */
export function stateFromFile(content: string): Result<StateSource, string> {
  const parsed = parseStrictJson(content, { maxLength: MAX_STATE_FILE });
  if (!parsed.ok) return err(`it is not the JSON of a state: ${parsed.error.message}`);
  const json = toJson(parsed.value, 'refuse');
  if (!json.ok) return err(`it is not the JSON of a state: ${json.error.message}`);
  const state = read(STATE, json.value);
  if (!state.ok) return err(`${state.error.field} ${state.error.message}`);
  const { accounts, block, chainId, source } = state.value;
  const known = (address: Address): StoredAccount => {
    const account = accounts.get(address);
    if (account === undefined) throw new Error(`the state file does not hold the account ${address}`);
    return account;
  };
  return ok({
    name: `${source} (from a file)`,
    chainId,
    block: { ...block, coinbase: block.coinbase as Address, baseFee: block.baseFee, blobBaseFee: block.blobBaseFee },
    account: (address) => attempt(() => known(address)),
    storage: (address, slot) =>
      attempt(() => {
        const found = known(address).storage.get(slot.toString(16).padStart(64, '0'));
        if (found !== undefined) return found;
        throw new Error(`the state file does not hold slot ${slot} of ${address}`);
      }),
  });
}

/** Keeps every answer of a source, to be written as a file. */
export class StateRecord {
  readonly source: StateSource;
  readonly #accounts = new Map<Address, AccountFacts>();
  readonly #words = new Map<Address, Map<bigint, bigint>>();

  constructor(source: StateSource) {
    this.source = {
      ...source,
      account: async (address) => {
        const facts = await source.account(address);
        this.#accounts.set(address, facts);
        return facts;
      },
      storage: async (address, slot) => {
        const found = await source.storage(address, slot);
        const words = this.#words.get(address) ?? new Map<bigint, bigint>();
        this.#words.set(address, words.set(slot, found));
        return found;
      },
    };
  }

  /** The file. An account whose storage alone was read is asked for the rest. */
  async text(): Promise<string> {
    for (const address of this.#words.keys()) {
      if (!this.#accounts.has(address)) await this.source.account(address);
    }
    const { block, chainId, name } = this.source;
    const accounts = [...this.#accounts].sort(([a], [b]) => (a < b ? -1 : 1));
    const document = {
      schema: SCHEMA,
      source: name,
      chainId: `${chainId}`,
      block: storedBlock(block),
      accounts: Object.fromEntries(accounts.map(([address, facts]) => [address, this.#stored(address, facts)])),
    };
    return `${JSON.stringify(document, undefined, 1)}\n`;
  }

  #stored(address: Address, { balance, code, nonce }: AccountFacts): unknown {
    const words = [...(this.#words.get(address) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    const hex = (value: bigint): string => value.toString(16).padStart(64, '0');
    return {
      nonce: `${nonce}`,
      balance: `${balance}`,
      code: toHex(code),
      storage: Object.fromEntries(words.map(([slot, value]) => [hex(slot), hex(value)])),
    };
  }
}

function storedBlock({
  baseFee,
  blobBaseFee,
  coinbase,
  gasLimit,
  hash,
  number,
  prevRandao,
  timestamp,
}: BlockFacts): unknown {
  return {
    number: `${number}`,
    hash,
    timestamp: `${timestamp}`,
    coinbase,
    gasLimit: `${gasLimit}`,
    ...(baseFee === undefined ? {} : { baseFee: `${baseFee}` }),
    prevRandao,
    ...(blobBaseFee === undefined ? {} : { blobBaseFee: `${blobBaseFee}` }),
  };
}

async function attempt<T>(look: () => T): Promise<T> {
  return await Promise.resolve().then(look);
}
