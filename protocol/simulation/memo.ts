/** A source that is asked each thing once, and not without end: two answers to one question would be two states. */
import type { Address } from '../payload/address.ts';
import { sanitise } from '../payload/words/sanitise.ts';
import type { AccountFacts, SimulationLimits, StateSource } from './source.ts';
import { SimulationStop } from './stop.ts';

export function memoSource(source: StateSource, limits: SimulationLimits): StateSource {
  const accounts = new Map<Address, Promise<AccountFacts>>();
  const words = new Map<string, Promise<bigint>>();
  return {
    name: source.name,
    chainId: source.chainId,
    block: source.block,
    async account(address) {
      const known = accounts.get(address);
      if (known !== undefined) return await known;
      if (accounts.size >= limits.maxAccounts) {
        throw new SimulationStop('SIM_LIMIT', `it touches more than ${limits.maxAccounts} accounts`);
      }
      const asked = claimed(source.account(address));
      accounts.set(address, asked);
      return await asked;
    },
    async storage(address, slot) {
      const name = `${address} ${slot.toString(16)}`;
      const known = words.get(name);
      if (known !== undefined) return await known;
      if (words.size >= limits.maxWords) {
        throw new SimulationStop('SIM_LIMIT', `it reads more than ${limits.maxWords} words of storage`);
      }
      const asked = claimed(source.storage(address, slot));
      words.set(name, asked);
      return await asked;
    },
  };
}

/** A source that fails ends the simulation with its own words. */
async function claimed<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SimulationStop) throw error;
    const why = error instanceof Error ? error.message : 'unknown';
    throw new SimulationStop('SIM_STATE_UNAVAILABLE', `the state cannot be had: ${sanitise(why, 200)}`);
  }
}
