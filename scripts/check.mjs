// `npm run check`: every gate that is not a test. Runs all of them, names each as ok or FAIL, ends with 1 if any failed.
// It clears dist/ first: the compiler leaves the output of deleted sources behind, and a stale file hides a mistake.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const bin = (name) => join('node_modules', '.bin', name);

const gates = [
  { name: 'format and imports', command: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'lint, with types', command: [bin('oxlint')] },
  {
    name: 'types and walls',
    command: ['npm', 'run', '--silent', 'build'],
    before: () => rmSync('dist', { recursive: true, force: true }),
  },
  { name: 'unused code', command: [bin('knip')] },
  { name: 'generated code', command: [process.execPath, 'scripts/generate-proto.mjs', '--check'] },
  { name: 'pinned descriptors', command: [process.execPath, 'scripts/clear-signing-data.mjs', '--check'] },
  { name: 'incidents of the red team', command: [process.execPath, 'scripts/redteam-corpus.mjs', '--check'] },
  { name: 'documents', command: [process.execPath, 'scripts/check-docs.mjs'] },
  { name: 'architecture', command: [bin('vitest'), 'run', 'test/architecture'] },
];

let failed = 0;
for (const gate of gates) {
  gate.before?.();
  const started = performance.now();
  const [file, ...args] = gate.command;
  const run = spawnSync(file, args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const passed = run.status === 0;
  console.log(`${passed ? 'ok  ' : 'FAIL'}  ${gate.name}  (${seconds} s)`);
  if (passed) continue;
  failed += 1;
  const output = [run.error?.message, run.stdout, run.stderr].filter(Boolean).join('\n').trimEnd();
  console.log(output.replace(/^/gm, '      '));
}
console.log(failed === 0 ? 'all gates passed' : `${failed} of ${gates.length} gates failed`);
process.exit(failed === 0 ? 0 : 1);
