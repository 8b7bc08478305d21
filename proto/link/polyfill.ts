// libp2p calls Promise.withResolvers, which Node.js has since version 22. This module must be imported before any of it.

interface Resolvers {
  promise: Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

if (!('withResolvers' in Promise)) {
  Object.defineProperty(Promise, 'withResolvers', {
    configurable: true,
    writable: true,
    value: function withResolvers(this: PromiseConstructor): Resolvers {
      const settle: Pick<Resolvers, 'resolve' | 'reject'> = { resolve: () => {}, reject: () => {} };
      const promise = new this<unknown>((resolve, reject) => {
        settle.resolve = resolve;
        settle.reject = reject;
      });
      return { promise, resolve: settle.resolve, reject: settle.reject };
    },
  });
}
