// Run after `npm install` changed the lock file: node scripts/complete-lock.mjs
//
// Some tools ship one optional package a platform. npm leaves those out of the lock file that it could not fetch (a
// registry mirror may hold only what its own machines need), and `npm ci` then refuses the whole file. This adds them
// by their exact version. Without a hash: nobody here has seen them. They are development tools of other platforms;
// `npm install` on a machine that can fetch them fills the hashes in.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const packages = lock.packages;
const added = [];

for (const [owner, { optionalDependencies = {}, dev, license, engines }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const path = `node_modules/${name}`;
    if (packages[path] !== undefined) continue;
    if (dev !== true) throw new Error(`${owner}: ${name} is needed in production and has no hash`);
    packages[path] = { version, ...platformOf(name), dev, license, optional: true, engines };
    added.push(name);
  }
}

// As npm orders them.
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? 'the lock file is complete' : `added ${added.length}: ${added.join(', ')}`);

// Names end in platform, processor and, on Linux, the C library: `binding-linux-x64-musl`.
function platformOf(name) {
  const [os, processor, library] = name
    .replace(/^.*\//, '')
    .replace(/^(?:cli|binding|anvil)-/, '')
    .split('-');
  const libc = os === 'linux' && library !== undefined ? { libc: [library.startsWith('musl') ? 'musl' : 'glibc'] } : {};
  return { cpu: [processor === 'amd64' ? 'x64' : processor], ...libc, os: [os] };
}
