/** The module loader of the altered program: round 1 of a signing gets our extension in place of the real one. */
import type { ResolveHook } from 'node:module';

export const resolve: ResolveHook = async (specifier, context, next) => {
  const isTarget =
    specifier.endsWith('/multiply/receiver.js') && context.parentURL?.endsWith('/threshold/sign/round-1.js') === true;
  if (!isTarget) return await next(specifier, context);
  return { url: new URL('./altered-extension.js', import.meta.url).href, shortCircuit: true };
};
