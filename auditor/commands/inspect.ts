/** `keymoot inspect`: what a participant would say about a payload, without network, keys or state. */
import { createReadStream, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { type Address, parseAddress } from '../../protocol/payload/address.ts';
import { MAX_INSPECT_LENGTH } from '../../protocol/payload/inspect-json.ts';
import { MAX_POLICY_LENGTH } from '../../protocol/policy/limits.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { SimulationProblem } from '../../protocol/simulation/report.ts';
import type { Simulator } from '../../protocol/simulation/simulator.ts';
import {
  type Inspection,
  type Inspector,
  inspectDecoded,
  inspectText,
  readText as readPayload,
  refused,
} from '../report/inspection.ts';
import type { Failure, Io } from '../report/io.ts';
import { jsonLine } from '../report/json-line.ts';
import { type Chunks, textOf } from '../report/lines.ts';
import { type BatchIo, inspectBatch } from './inspect-batch.ts';

const USAGE = `Usage:
  keymoot inspect PAYLOAD [--policy FILE] [--simulate RPC|FILE] [--json]
  keymoot inspect --batch FILE.jsonl [--policy FILE] [--progress]

PAYLOAD is a file, - for standard input, or the 0x hex of an unsigned transaction. A file holds such hex or JSON:
  {"kind":"evm-transaction","unsigned":"0x..."}
  {"kind":"evm-typed-data","typedData":{...}}
  {"kind":"evm-message","encoding":"text","message":"..."}    (or "hex" and 0x...)
  {"kind":"evm-authorization","chainId":1,"address":"0x...","nonce":0}
Each may carry "preimages":[{...}], the typed data whose hashes the payload holds.
--batch reads one payload a line (- for standard input) and prints one line of JSON for each, in order; on a terminal,
or with --progress, it tells on standard error how far it is.

  --policy FILE      judge by this policy as well
  --wallet NAME      the wallet to judge for, if the policy names several
  --address 0x...    the address of that wallet
  --initiator NAME   the operator who would propose, if the policy names several
  --at SECONDS       judge as of this time (Unix seconds) and not now
  --simulate WHERE   run it as well, on the newest state of a node (http://... or https://...) or on a state file
  --save-state FILE  keep the state it ran on, for machines without a network

A transaction is simulated as sent by --address; a Safe transaction as if its owners had signed. What the node says is
not proven: it can add risks to the screen and take none away.

Exit codes: 0 the payload was read (whatever the verdict), or the batch is done; 1 refused or failed; 2 usage.`;

export interface InspectIo extends BatchIo {
  /** Instead of the process's standard input. */
  readonly stdin?: Chunks;
  /** Unix seconds, instead of the machine's clock. */
  readonly now?: () => number;
  /** Whether somebody watches standard error. */
  readonly terminal?: boolean;
  /** From outside: this room reaches no network. */
  readonly simulator?: Simulator;
}

interface Options {
  readonly policy?: string | undefined;
  readonly wallet?: string | undefined;
  readonly address?: string | undefined;
  readonly initiator?: string | undefined;
  readonly at?: string | undefined;
  readonly batch?: string | undefined;
  readonly simulate?: string | undefined;
  readonly 'save-state'?: string | undefined;
  readonly progress: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** @returns 0 read, 1 refused or failed with a reason, 2 usage */
export async function inspect(args: readonly string[], io: InspectIo): Promise<number> {
  const parsed = parse(args);
  if (parsed === undefined) return usage(io);
  const { options, positionals } = parsed;
  if (options.help) {
    io.stdout(USAGE);
    return 0;
  }
  if (positionals.length !== (options.batch === undefined ? 1 : 0)) return usage(io);
  const { batch, 'save-state': saveTo, simulate } = options;
  if (simulate !== undefined && batch !== undefined) return usage(io, '--simulate is for one payload, not for a batch');
  if (saveTo !== undefined && simulate === undefined) return usage(io, '--save-state goes with --simulate');
  const inspector = await inspectorFor(options, io);
  if (!inspector.ok) {
    if (inspector.error.code === 'USAGE') return usage(io, inspector.error.message);
    return show(refused(inspector.error.code, inspector.error.message), options.json, io);
  }
  if (batch !== undefined) {
    const progress = options.progress || io.terminal === true;
    const source = { name: batch, chunks: streamOf(batch, io), size: sizeOf(batch), progress };
    return await inspectBatch(source, inspector.value, io);
  }
  const text = await payloadText(positionals[0] ?? '', io);
  const result = text.ok
    ? await inspectOne(text.value, inspector.value, options, io)
    : refused(text.error.code, text.error.message);
  return show(result, options.json, io);
}

async function inspectOne(text: string, inspector: Inspector, options: Options, io: InspectIo): Promise<Inspection> {
  const { 'save-state': saveTo, simulate: where } = options;
  const decoded = where === undefined ? undefined : readPayload(text);
  if (where === undefined || decoded?.ok !== true) return inspectText(text, inspector);
  const wallet = inspector.circumstances.address;
  const simulated = await simulatorOf(io)({ decoded: decoded.value, wallet, where, saveTo });
  return inspectDecoded(decoded.value, inspector, simulated);
}

function simulatorOf({ simulator }: InspectIo): Simulator {
  const missing: SimulationProblem = { code: 'SIM_FAILED', message: 'this program was built without simulation' };
  return simulator ?? (() => Promise.resolve(err(missing)));
}

function show(result: Inspection, json: boolean, io: Io): number {
  if (json) {
    io.stdout(jsonLine(result.json));
    return result.ok ? 0 : 1;
  }
  for (const line of result.lines) {
    if (result.ok) io.stdout(line);
    else io.stderr(line);
  }
  return result.ok ? 0 : 1;
}

async function payloadText(argument: string, io: InspectIo): Promise<Result<string, Failure>> {
  return argument.startsWith('0x') ? ok(argument) : readText(argument, MAX_INSPECT_LENGTH, io);
}

async function readText(file: string, max: number, io: InspectIo): Promise<Result<string, Failure>> {
  try {
    const read = await textOf(streamOf(file, io), max);
    if (read.ok) return ok(read.text);
    return read.why === 'too-large'
      ? err({ code: 'FILE_TOO_LARGE', message: `${file} has more than ${max} bytes` })
      : err({ code: 'TEXT_NOT_UTF8', message: `${file} is not UTF-8 text` });
  } catch {
    return err({ code: 'FILE_UNREADABLE', message: `${file} cannot be read` });
  }
}

function streamOf(file: string, io: InspectIo): Chunks {
  return file === '-' ? (io.stdin ?? process.stdin) : createReadStream(file);
}

/** Bytes of a plain file; anything else has no size before it ends. */
function sizeOf(file: string): number | undefined {
  try {
    return file === '-' ? undefined : statSync(file).size;
  } catch {
    return undefined;
  }
}

/** Wallet, operator and time as given, or as the policy leaves no choice. */
async function inspectorFor(options: Options, io: InspectIo): Promise<Result<Inspector, Failure>> {
  const address = options.address === undefined ? undefined : parseAddress(options.address);
  if (options.address !== undefined && (address === undefined || address === 'checksum')) {
    return err({ code: 'USAGE', message: '--address is not an address, or its checksum is wrong' });
  }
  const now = timeOf(options.at, io);
  if (now === undefined) return err({ code: 'USAGE', message: '--at must be Unix seconds' });
  const known: Address | undefined = address === 'checksum' ? undefined : address;
  if (options.policy === undefined) {
    return ok({ policy: undefined, circumstances: { wallet: '', address: known, initiator: '', now } });
  }
  const text = await readText(options.policy, MAX_POLICY_LENGTH, io);
  if (!text.ok) return text;
  const policy = parsePolicy(text.value);
  if (!policy.ok) {
    const { code, field, message } = policy.error;
    return err({ code, message: `${options.policy}: ${field}${field === '' ? '' : ' '}${message}` });
  }
  const wallets = [...policy.value.document.wallets.keys()];
  const wallet = options.wallet ?? (wallets.length === 1 ? wallets[0] : undefined);
  if (wallet === undefined) {
    return err({ code: 'USAGE', message: `the policy names ${wallets.length} wallets; choose one with --wallet` });
  }
  const initiators = initiatorsOf(policy.value);
  const initiator = options.initiator ?? (initiators.length === 1 ? initiators[0] : undefined) ?? '';
  return ok({ policy: policy.value, circumstances: { wallet, address: known, initiator, now } });
}

function initiatorsOf(policy: Policy): readonly string[] {
  return [...new Set(policy.document.rules.flatMap(({ match }) => match.initiators ?? []))];
}

function timeOf(at: string | undefined, io: InspectIo): number | undefined {
  if (at === undefined) return io.now?.() ?? Math.floor(Date.now() / 1000);
  return /^(0|[1-9][0-9]{0,11})$/.test(at) ? Number(at) : undefined;
}

function parse(args: readonly string[]): { options: Options; positionals: readonly string[] } | undefined {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean', default: false } as const;
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        policy: text,
        wallet: text,
        address: text,
        initiator: text,
        at: text,
        batch: text,
        simulate: text,
        'save-state': text,
        progress: flag,
        json: flag,
        help: flag,
      },
    });
    return { options: values, positionals };
  } catch {
    return undefined;
  }
}

function usage(io: Io, message?: string): 2 {
  if (message !== undefined) io.stderr(message);
  io.stderr(USAGE);
  return 2;
}
