#!/usr/bin/env node
/** The one command. Its first word is a role; only that role's code is loaded. */

type Role = (args: readonly string[]) => Promise<number>;

const ROLES: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Role> }>> = {
  participant: {
    summary: 'a key holder’s node: judges every payload itself, holds one share',
    load: async () => (await import('./participant/commands/main.ts')).participant,
  },
  coordinator: {
    summary: 'an operator’s service: proposes, gathers, archives; holds no share',
    load: async () => (await import('./coordinator/commands/main.ts')).coordinator,
  },
  approver: {
    summary: 'a person who approves: reads every payload on a device of its own, holds no share',
    load: async () => (await import('./participant/approver/commands/main.ts')).approver,
  },
  roster: {
    summary: 'make, sign and read the roster that everybody pins',
    load: async () => (await import('./participant/commands/roster.ts')).roster,
  },
  recover: {
    summary: 'the recipient of an export: make its key, open the sealed shares, offline',
    load: async () => (await import('./participant/commands/recover.ts')).recover,
  },
  policy: {
    summary: 'make, check, explain, compare, test and attack policies, without keys and without a node',
    load: async () => {
      const { policy } = await import('./participant/tools/main.ts');
      // Only the red team asks for a chain, and only a checkout has one.
      return async (args) =>
        await policy(
          args,
          async (orders) => await (await import('./coordinator/demo/redteam/run.ts')).playOnChain(orders),
        );
    },
  },
  audit: {
    summary: 'verify transcripts offline',
    load: async () => (await import('./auditor/commands/main.ts')).audit,
  },
  inspect: {
    summary: 'read one payload as a participant would, without keys; network only to simulate',
    load: async () => {
      const { inspect } = await import('./auditor/commands/main.ts');
      // The auditor's room reaches no network; who simulates is put in from here, and only loaded when asked.
      return async (args) =>
        await inspect(
          args,
          async (order) => await (await import('./participant/simulation/inspect.ts')).inspectSimulator(order),
        );
    },
  },
  demo: {
    summary: 'the whole story on this machine: real processes, real network, real chain',
    load: async () => (await import('./coordinator/demo/main.ts')).demo,
  },
};

async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  const role = Object.hasOwn(ROLES, name) ? ROLES[name] : undefined;
  if (role === undefined) {
    const lines = Object.entries(ROLES).map(([word, { summary }]) => `  keymoot ${word.padEnd(12)} ${summary}`);
    process.stderr.write(`Usage: keymoot ROLE COMMAND …\n${lines.join('\n')}\n`);
    return name === '--help' || name === 'help' ? 0 : 2;
  }
  const run = await role.load();
  return await run(rest);
}

process.exitCode = await main(process.argv.slice(2));
