/** What the pair thread does: it runs the machines of PAIRSETUP for the node at the other end of a port. */
import type { MessagePort, Transferable } from 'node:worker_threads';
import { signerFromTransfer, verify } from '../../protocol/ceremony/ed25519.ts';
import { PairSetupMachine } from '../../protocol/threshold/pair-setup/machine.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { runRandom } from '../randomness.ts';
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts';

type Effects = ReturnType<PairSetupMachine['start']>;

export function serve(port: MessagePort, data: ThreadData): void {
  const signer = signerFromTransfer(data.key);
  const hedge = new Secret(data.hedge);
  const machines = new Map<number, PairSetupMachine>();

  const post = (message: FromThread, transfer: readonly Transferable[] = []): void =>
    port.postMessage(message, transfer);

  const carryOut = (id: number, effects: Effects): void => {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          post({ kind: 'send', id, envelope: effect.envelope });
          break;
        case 'record':
          post({ ...effect.record, kind: 'failed', id });
          break;
        case 'done': {
          const { active, pack, setup } = effect.output;
          const buffer = setup.toTransfer();
          post({ kind: 'prepared', id, setup: buffer, pack, active }, [buffer]);
          machines.delete(id);
          break;
        }
        case 'abort': {
          const { check, failure, message } = effect.abort;
          post({ kind: 'aborted', id, failure, check, message });
          machines.delete(id);
          break;
        }
      }
    }
  };

  const open = (message: ToThread & { readonly kind: 'open' }): void => {
    const machine = new PairSetupMachine({
      ...message,
      // The node asks its journal before it opens a run or delivers to it.
      isRefused: () => false,
      sign: signer.sign,
      verify,
      random: runRandom(hedge, message.epochId, data.lane),
    });
    machines.set(message.id, machine);
    carryOut(message.id, machine.start());
  };

  port.on('message', (message: ToThread) => {
    switch (message.kind) {
      case 'open':
        open(message);
        break;
      case 'deliver':
        carryOut(message.id, machines.get(message.id)?.deliver(message.envelope) ?? []);
        break;
      case 'close':
        machines.get(message.id)?.stop();
        machines.delete(message.id);
        break;
    }
  });
}
