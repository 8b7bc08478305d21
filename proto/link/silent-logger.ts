import type { ComponentLogger, Logger } from '@libp2p/interface';

function createSilent(): Logger {
  const silent = (): void => {};
  return Object.assign(silent, {
    enabled: false,
    trace: silent,
    error: silent,
    newScope: (): Logger => logger,
  });
}

const logger: Logger = createSilent();

/** The transport library writes nothing: what is worth telling goes through the log of the link. */
export const silentLogger: ComponentLogger = { forComponent: () => logger };
