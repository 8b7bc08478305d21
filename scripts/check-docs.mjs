// What the documents promise must exist: every relative link leads somewhere (headings included), every `docs/…` path
// named in a source file or document is a file, every `npm run …` named anywhere is a script of package.json, and every
// `keymoot …` line of a document is a command with options that its help names. Needs what `npm run build` makes.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

// Tracked files and those about to be: what is ignored is nobody's promise.
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));
const documents = files.filter((file) => file.endsWith('.md'));
const sources = files.filter(
  (file) => /\.(?:ts|mjs|md|proto)$/.test(file) && !file.startsWith('test/architecture/fixtures/'),
);
const scripts = new Set(Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).scripts));
const problems = [];

// As GitHub names its anchors: lower case, punctuation gone, spaces to hyphens.
const anchor = (heading) =>
  heading
    .replaceAll('`', '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
const withoutFences = (text) => text.replace(/^```[\s\S]*?^```/gm, '');
const anchorsOf = (file) =>
  new Set(
    [...withoutFences(readFileSync(file, 'utf8')).matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => anchor(match[1])),
  );

for (const file of documents) {
  for (const match of withoutFences(readFileSync(file, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)) {
    const link = match[1];
    if (/^[a-z]+:/.test(link)) continue;
    const [path, fragment] = link.split('#');
    const target = path === '' ? file : normalize(join(dirname(file), path));
    if (!existsSync(target)) problems.push(`${file}: the link ${link} leads nowhere`);
    else if (fragment && target.endsWith('.md') && !anchorsOf(target).has(fragment)) {
      problems.push(`${file}: ${link}: no such heading`);
    }
  }
}
for (const file of sources) {
  const text = readFileSync(file, 'utf8');
  for (const match of text.matchAll(/(?<![\w/.-])docs\/[\w./-]+\.md/g)) {
    if (!existsSync(match[0])) problems.push(`${file}: ${match[0]} does not exist`);
  }
  for (const match of text.matchAll(/npm run ([\w:-]+)/g)) {
    if (!scripts.has(match[1])) problems.push(`${file}: there is no script "${match[1]}"`);
  }
}

// What the program itself says: "ROLE COMMAND" to its usage; `inspect` and `demo` have no commands.
const ROLES = ['participant', 'coordinator', 'approver', 'roster', 'recover', 'audit', 'inspect', 'demo'];
const usages = new Map();
for (const role of ROLES) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', role, '--help'], { encoding: 'utf8' });
  if (status !== 0) problems.push(`keymoot ${role} --help ends with ${status}; run "npm run build" first`);
  for (const block of `${stdout}${stderr}`.split(/^ {2}keymoot /m).slice(1)) {
    const [, command = ''] = block.split(/\s+/);
    const name = /^[a-z-]+$/.test(command) ? `${role} ${command}` : role;
    usages.set(name, `${usages.get(name) ?? ''}${block} --help --json`);
  }
}
// In a shell block and between backticks; the operations guide leaves the word "keymoot" out between backticks.
const CALLS = [
  /(?<![\w./-])(?:\.\/|npx )?keymoot ([a-z]+)([^\n`|>;&)]*)/g,
  /node dist\/cli\.js ([a-z]+)([^\n`|>;&)]*)/g,
  /`(participant|coordinator|approver) ([^\n`]*)/g,
];
for (const file of documents) {
  const text = readFileSync(file, 'utf8').replace(/\\\n\s*/g, ' ');
  for (const [call, role, rest] of CALLS.flatMap((pattern) => [...text.matchAll(pattern)])) {
    if (!ROLES.includes(role)) continue;
    const [, command] = /^ ?([a-z][a-z-]*)(?=\s|$)/.exec(rest) ?? [];
    const name = command === undefined || ['inspect', 'demo'].includes(role) ? role : `${role} ${command}`;
    const usage =
      name === role ? [...usages].flatMap(([key, one]) => (key.startsWith(role) ? one : [])).join() : usages.get(name);
    if (usage === undefined) problems.push(`${file}: there is no command "keymoot ${name}"`);
    for (const [option] of rest.matchAll(/(?<![\w-])--[a-z-]+/g)) {
      if (usage !== undefined && !new RegExp(`${option}(?![\\w-])`).test(usage)) {
        problems.push(`${file}: "${call.trim()}": there is no ${option}`);
      }
    }
  }
}
if (problems.length > 0) console.error([...new Set(problems)].join('\n'));
process.exit(problems.length === 0 ? 0 : 1);
