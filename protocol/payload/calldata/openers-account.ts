/** Openers of smart accounts: ERC-7579 and ERC-7821 executions, and the operations of an ERC-4337 entry point. */
import { toHex } from '../../common/bytes.ts';
import { addressOf, ZERO_ADDRESS } from '../address.ts';
import { type AbiType, decodeArguments } from './abi.ts';
import { bytesArgument, isList, listArgument } from './arguments.ts';
import type { Frame } from './frame.ts';
import { CLOSED, type Opened, type Opening } from './opener.ts';
import { frameOf, tupleFrame } from './openers-batch.ts';
import { parseSignature } from './signature.ts';

/** ERC-7579: call type, exec type (revert or try), 4 unused bytes, 4 of a mode selector, 22 of a payload. */
const MODES: ReadonlyMap<string, (opening: Opening, data: Uint8Array) => Opened> = new Map([
  ['0000', openSingle],
  ['0001', openSingle],
  ['0100', openBatch],
  ['0101', openBatch],
  // A static call changes nothing, but it is shown as the call that it is.
  ['fe00', openSingle],
  ['fe01', openSingle],
  ['ff00', openDelegate],
  ['ff01', openDelegate],
]);

/** ERC-7821: the batch may be followed by data that authorises it. */
const BATCH_WITH_DATA = `0100${'0'.repeat(8)}78210001${'0'.repeat(44)}`;

/** `mode` and `execution`. A mode with anything in it that we do not know stays closed. */
export function openExecution(opening: Opening): Opened {
  const mode = toHex(bytesArgument(opening.args, 'mode'));
  const execution = bytesArgument(opening.args, 'execution');
  if (mode === BATCH_WITH_DATA) return openBatchWithData(opening, execution);
  const reader = mode.slice(4) === '0'.repeat(60) ? MODES.get(mode.slice(0, 4)) : undefined;
  return reader?.(opening, execution) ?? CLOSED;
}

/** Target (20 bytes), value (32), calldata (the rest). */
function openSingle({ self, check }: Opening, data: Uint8Array): Opened {
  if (data.length < 52) return CLOSED;
  const to = addressOf(data.subarray(0, 20));
  const value = BigInt(`0x${toHex(data.subarray(20, 52))}`);
  const rest = data.slice(52);
  check.packed([to, value, rest], data);
  return unlessZero([{ operation: 'call', from: self, to, value, data: rest }]);
}

/** Target (20 bytes), calldata (the rest). */
function openDelegate({ self, check }: Opening, data: Uint8Array): Opened {
  if (data.length < 20) return CLOSED;
  const to = addressOf(data.subarray(0, 20));
  const rest = data.slice(20);
  check.packed([to, rest], data);
  return unlessZero([{ operation: 'delegatecall', from: self, to, value: 0n, data: rest }]);
}

const BATCH = parseSignature('batch((address target, uint256 value, bytes data)[] calls)');
const BATCH_AND_DATA = parseSignature('batch((address target, uint256 value, bytes data)[] calls, bytes opData)');

function openBatch(opening: Opening, data: Uint8Array): Opened {
  return unlessZero(batchFrames(opening, BATCH, data));
}

/** `opData` holds a signature or a claim that only the account itself understands, so it stays closed when there is some. */
function openBatchWithData(opening: Opening, data: Uint8Array): Opened {
  // One offset in the head without such data, two with it.
  const alone = data[31] === 0x20;
  const opened = unlessZero(batchFrames(opening, alone ? BATCH : BATCH_AND_DATA, data));
  return alone ? opened : { ...opened, closed: true };
}

function batchFrames({ self, check }: Opening, layout: typeof BATCH, data: Uint8Array): readonly Frame[] {
  const types: readonly AbiType[] = layout.parameters.map(({ type }) => type);
  const values = decodeArguments(types, data);
  const args = values.map((value, i) => ({ name: layout.parameters[i]?.name ?? '', type: '', value }));
  check.call(layout, args, data);
  return listArgument(args, 'calls').map((tuple) => tupleFrame(self, tuple));
}

/** Some accounts take the zero address for themselves and some do not, so that such a call has two readings. */
function unlessZero(frames: readonly Frame[]): Opened {
  return frames.some(({ to }) => to === ZERO_ADDRESS) ? CLOSED : { frames };
}

/**
 * `ops` of an entry point, in either layout: the sender first, its calldata fourth. The account runs that calldata as a
 * call of the entry point. Everything else (factory, paymaster, signature) is not read, so the bundle stays closed too.
 */
export function openOperations({ args, self }: Opening): Opened {
  const frames = listArgument(args, 'ops').map((operation) => {
    const fields = isList(operation) ? operation : [];
    return frameOf(self, fields[0], 0n, fields[3]);
  });
  return { frames, closed: true };
}
