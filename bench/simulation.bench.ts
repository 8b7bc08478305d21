/** A Safe transaction run in the EVM, on a state that was recorded from a real node before: the EVM alone, and with its thread. */
import { parseEther } from 'viem';
import { startChain } from '../coordinator/demo/chain.ts';
import { createSafe, deploySafeContracts } from '../coordinator/demo/safe.ts';
import { safePayload } from '../coordinator/demo/safe-tx.ts';
import { deployTrojan, trojanSafeTx } from '../coordinator/demo/trojan.ts';
import { Rpc } from '../participant/simulation/rpc.ts';
import { openRpcSource } from '../participant/simulation/rpc-source.ts';
import { runSimulation } from '../participant/simulation/simulator.ts';
import { StateRecord, stateFromFile } from '../participant/simulation/state-file.ts';
import { BugError } from '../protocol/common/errors.ts';
import { payloadFromInspectJson } from '../protocol/payload/inspect-json.ts';
import { type Decoded, decode } from '../protocol/payload/payload.ts';
import { simulate } from '../protocol/simulation/simulate.ts';
import { type Bench, timed } from './bench.ts';
import { measurement } from './report.ts';

const NOBODY = { wallet: undefined };

export const simulationBench: Bench = {
  names: ['payload/simulate', 'payload/simulate-thread'],
  async run({ record }) {
    const { decoded, state } = await recorded();
    const inside = await timed(40, 10, async () => {
      const source = stateFromFile(state);
      const result = source.ok ? await simulate(decoded, NOBODY, source.value) : undefined;
      if (result?.ok !== true) throw new BugError('BENCH_SIMULATION', 'the recorded state does not suffice');
    });
    record(measurement('payload/simulate', { payload: 'safe-takeover', state: 'file' }, 'ms', inside));
    const { payload } = decoded;
    const whole = await timed(10, 2, async () => {
      const origin = { kind: 'file', text: state } as const;
      const result = await runSimulation({ payload, wallet: undefined, origin, keepState: false });
      if (!result.ok) throw new BugError('BENCH_SIMULATION', result.error.message);
    });
    record(measurement('payload/simulate-thread', { payload: 'safe-takeover', state: 'file' }, 'ms', whole));
  },
};

/** The takeover of a real Safe 1.4.1, and all state that its simulation reads. */
async function recorded(): Promise<{ readonly decoded: Decoded; readonly state: string }> {
  const chain = await startChain();
  try {
    await deploySafeContracts(chain);
    const safe = await createSafe(chain, { owners: [chain.relayer], threshold: 1, balance: parseEther('1') });
    const tx = trojanSafeTx(await deployTrojan(chain), 0n);
    const payload = payloadFromInspectJson(JSON.stringify(safePayload(chain.chainId, safe, tx)));
    const decoded = payload.ok ? decode(payload.value) : payload;
    if (!decoded.ok) throw new BugError('BENCH_SIMULATION', decoded.error.message);
    const state = new StateRecord(await openRpcSource(new Rpc(chain.rpc)));
    const result = await simulate(decoded.value, NOBODY, state.source);
    if (!result.ok) throw new BugError('BENCH_SIMULATION', result.error.message);
    return { decoded: decoded.value, state: await state.text() };
  } finally {
    await chain.stop();
  }
}
