/** The looks that a key holder has set for a node: an external checker, nodes to simulate on. */
import { checkerLook } from '../checker/look.ts';
import { readChecker } from '../checker/settings.ts';
import type { HomeLayout } from '../keystore/settings.ts';
import { simulationLook } from '../simulation/observe.ts';
import { simulationOrigins } from '../simulation/settings.ts';
import type { Look } from './look.ts';

/**
 * @param simulate addresses of nodes from the command line; they take the place of those in the home
 * @throws {InvalidArgument} `CHECKER_SETTINGS`, `SIMULATION_SETTINGS`
 */
export async function configuredLooks(layout: HomeLayout, simulate: readonly string[] = []): Promise<readonly Look[]> {
  const checker = await readChecker(layout.checker);
  const origins = await simulationOrigins(layout.simulation, simulate);
  return [
    ...(checker === undefined ? [] : [checkerLook(checker)]),
    ...(origins.length === 0 ? [] : [simulationLook(origins)]),
  ];
}
