// Turns proto/keymoot/v1/*.proto into static code under proto/gen (no code is generated at run time).
// `--check` generates into a temporary directory instead and fails if the committed files differ.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const SOURCES = 'proto/keymoot/v1';
const TARGET = 'proto/gen';
const HEADER = '// Generated from proto/keymoot/v1 by scripts/generate-proto.mjs. Do not edit.\n';

const bin = join(dirname(createRequire(import.meta.url).resolve('protobufjs-cli/package.json')), 'bin');
// Only encode and decode are used; conversion from plain objects coerces values silently and stays out.
const shape =
  '-t static-module -w es6 -r keymoot --no-create --no-verify --no-convert --no-delimited --no-service --no-typeurl';

function run(tool, args) {
  execFileSync(process.execPath, [join(bin, tool), ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
}

function generate(directory) {
  mkdirSync(directory, { recursive: true });
  for (const file of readdirSync(SOURCES).filter((name) => name.endsWith('.proto'))) {
    const name = file.replace(/\.proto$/, '');
    const source = join(SOURCES, file);
    const commented = join(directory, `${name}.commented.js`);
    const javascript = join(directory, `${name}.js`);
    const declarations = join(directory, `${name}.d.ts`);
    // Declarations are read from the comments of the JavaScript, which the committed JavaScript does without.
    run('pbjs', [...shape.split(' '), '-o', commented, source]);
    run('pbts', ['-o', declarations, commented]);
    run('pbjs', [...shape.split(' '), '--no-comments', '-o', javascript, source]);
    rmSync(commented);
    const longUnused = readFileSync(declarations, 'utf8').replace('import Long = require("long");\n', '');
    writeFileSync(declarations, `${HEADER}${longUnused.trimEnd()}\n`);
    writeFileSync(javascript, `${HEADER}${readFileSync(javascript, 'utf8').trimEnd()}\n`);
  }
}

function contents(directory) {
  return Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}

if (process.argv.includes('--check')) {
  const directory = mkdtempSync(join(tmpdir(), 'keymoot-proto-'));
  try {
    generate(directory);
    const fresh = contents(directory);
    const committed = contents(TARGET);
    const names = [...new Set([...Object.keys(fresh), ...Object.keys(committed)])].sort();
    const stale = names.filter((name) => fresh[name] !== committed[name]);
    if (stale.length > 0) {
      process.stderr.write(`${TARGET} is out of date (${stale.join(', ')}): run node scripts/generate-proto.mjs\n`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
} else {
  generate(TARGET);
}
