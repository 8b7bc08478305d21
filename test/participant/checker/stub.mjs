/** A checker with many characters: `node stub.mjs MODE`. It reads with viem, which shares no code with ours. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { keccak256, parseTransaction } from 'viem';

const [, , mode, file] = process.argv;
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const request = JSON.parse(Buffer.concat(chunks).toString());

function answer() {
  const { kind, unsigned } = request.payload;
  const {
    chainId,
    data = '0x',
    gas,
    maxFeePerGas,
    maxPriorityFeePerGas,
    nonce,
    to,
    type,
    value,
  } = parseTransaction(unsigned);
  const numbers = {
    chainId,
    gas,
    maxFeePerGas,
    maxPriorityFeePerGas: maxPriorityFeePerGas ?? 0n,
    nonce: nonce ?? 0,
    value: value ?? 0n,
  };
  const fields = Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, String(number)]));
  return {
    digest: keccak256(unsigned),
    fields: { ...fields, data, to: (to ?? 'none').toLowerCase(), type },
    kind,
    response: 'keymoot.checked.v1',
  };
}

function say(value) {
  process.stdout.write(JSON.stringify(value));
}

function without({ gas: _gas, ...rest }) {
  return rest;
}

const right = () => answer();
const modes = {
  right: () => say(right()),
  'told-everything': () => {
    writeFileSync(file, JSON.stringify({ env: process.env, request, cwd: process.cwd() }));
    say(right());
  },
  'wrong-digest': () => say({ ...right(), digest: `0x${'ab'.repeat(32)}` }),
  'wrong-receiver': () => say({ ...right(), fields: { ...right().fields, to: `0x${'66'.repeat(20)}` } }),
  'no-gas': () => say({ ...right(), fields: without(right().fields) }),
  'one-more': () => say({ ...right(), fields: { ...right().fields, operation: '1' } }),
  refuses: () => say({ refused: 'a selector nobody knows', response: 'keymoot.checked.v1' }),
  'upper-case': () => say({ ...right(), digest: right().digest.toUpperCase() }),
  'other-version': () => say({ ...right(), response: 'keymoot.checked.v2' }),
  'unknown-member': () => say({ ...right(), verdict: 'allow' }),
  twice: () => {
    say(right());
    say(right());
  },
  garbage: () => process.stdout.write('\u001b[2Jall is well'),
  'not-text': () => process.stdout.write(Buffer.from([0xff, 0xfe, 0x00])),
  nothing: () => undefined,
  crashing: () => {
    say(right());
    process.stderr.write('Traceback: something\nbroke');
    process.exit(3);
  },
  killed: () => process.kill(process.pid, 'SIGKILL'),
  flooding: () => {
    const write = () => process.stdout.write('x'.repeat(65536), () => setImmediate(write));
    write();
  },
  hanging: () => setInterval(() => undefined, 1000),
  'leaving-a-child': () => {
    const child = spawn('sleep', ['1000'], { stdio: 'inherit' });
    writeFileSync(file, String(child.pid));
    say(right());
  },
};
modes[mode]();
