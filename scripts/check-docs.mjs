// What the documents promise must exist: every relative link leads somewhere (headings included), every `docs/…` path
// named in a source file or document is a file, every `npm run …` named anywhere is a script of package.json.
import { execFileSync } from 'node:child_process';
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
if (problems.length > 0) console.error([...new Set(problems)].join('\n'));
process.exit(problems.length === 0 ? 0 : 1);
