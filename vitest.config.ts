import { defineConfig } from 'vitest/config';
import { CountReporter } from './test/reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/architecture/fixtures/**'],
    environment: 'node',
    pool: 'forks',
    // Two workers: several tests start real processes, and the machines that run this may have two cores.
    maxWorkers: 2,
    // Threshold ceremonies and real nodes take seconds; a hang must still end.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    passWithNoTests: false,
    allowOnly: false,
    reporters: ['default', new CountReporter()],
  },
});
