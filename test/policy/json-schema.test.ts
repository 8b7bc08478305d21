import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { canonicalPolicy } from '../../protocol/policy/canonical.ts';
import { policySchema } from '../../protocol/policy/json-schema.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { fullPolicy } from './support/full.ts';
import { violations } from './support/json-schema.ts';

type Node = { readonly [keyword: string]: unknown };
const SCHEMA: Node = policySchema();
const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

function isAccepted(file: unknown): boolean {
  return parsePolicy(JSON.stringify(file)).ok;
}

function isValid(file: unknown): boolean {
  return violations(SCHEMA, file).length === 0;
}

/** Paths of every object and of every field of it, as they appear in a file. */
function places(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const members = Object.entries(value).flatMap(([key, member]) => {
    return places(member, [...path, Array.isArray(value) ? Number(key) : key]);
  });
  return [path, ...members];
}

function at(file: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (value as { [key: string]: unknown })[key], file);
}

function withValue(path: readonly (string | number)[], value: unknown): unknown {
  const file = fullPolicy();
  const parent = at(file, path.slice(0, -1)) as { [key: string | number]: unknown };
  parent[path.at(-1) ?? ''] = value;
  return file;
}

/** What admins signed is read elsewhere; here it may be any object. */
const isForeign = (path: readonly (string | number)[]): boolean => path[0] === 'signatures' && path.length > 2;

describe('the published schema', () => {
  it('is the one that the code makes', () => {
    expect(JSON.parse(read('docs/policy.schema.json'))).toEqual(policySchema());
  });

  it('accepts what the reader accepts: the full file, the starters and the examples', () => {
    const files = [
      JSON.stringify(fullPolicy()),
      ...['starter/', 'docs/examples/policies/'].flatMap((folder) => {
        const names = readdirSync(new URL(folder, root)).filter((name) => /^[a-z-]+\.json$/.test(name));
        return names.map((name) => read(`${folder}${name}`));
      }),
    ];
    expect(files.length).toBeGreaterThan(4);
    for (const text of files) {
      const policy = parsePolicy(text);
      expect(policy.ok ? '' : `${policy.error.field}: ${policy.error.message}`).toBe('');
      expect(violations(SCHEMA, JSON.parse(text))).toEqual([]);
      if (!policy.ok) continue;
      const canonical = canonicalText(canonicalPolicy(policy.value));
      expect(violations(SCHEMA, JSON.parse(canonical))).toEqual([]);
      const again = parsePolicy(canonical);
      expect(again.ok && canonicalText(canonicalPolicy(again.value))).toBe(canonical);
    }
  });

  it('refuses a field of another type, wherever it is, as the reader does', () => {
    const paths = places(fullPolicy()).filter((path) => path.length > 0 && !isForeign(path));
    expect(paths.length).toBeGreaterThan(150);
    for (const path of paths) {
      for (const wrong of [1.5, {}, [], [[]], null]) {
        const before = at(fullPolicy(), path);
        const isSame =
          Array.isArray(wrong) === Array.isArray(before) && typeof wrong === typeof before && wrong !== null;
        if (isSame) continue;
        const file = withValue(path, wrong);
        expect([path.join('.'), JSON.stringify(wrong), isAccepted(file)]).toEqual([
          path.join('.'),
          JSON.stringify(wrong),
          false,
        ]);
        expect([path.join('.'), JSON.stringify(wrong), isValid(file)]).toEqual([
          path.join('.'),
          JSON.stringify(wrong),
          false,
        ]);
      }
    }
  });

  it('refuses a field that nobody knows, in every object, as the reader does', () => {
    const named = new Set(['wallets', 'addressLists', 'assets', 'approvers', 'groups', 'counterparties']);
    const objects = places(fullPolicy()).filter((path) => {
      const value = at(fullPolicy(), path);
      const isDictionary = path.length === 1 && named.has(String(path[0]));
      return typeof value === 'object' && !Array.isArray(value) && !isDictionary && path[0] !== 'signatures';
    });
    expect(objects.length).toBeGreaterThan(30);
    for (const path of objects) {
      const file = withValue([...path, 'surprise'], '1');
      expect([path.join('.'), isAccepted(file), isValid(file)]).toEqual([path.join('.'), false, false]);
    }
  });

  it('refuses what lacks a field that must be there, as the reader does', () => {
    const pattern: readonly string[] = ['schema', 'id', 'version', 'wallets', 'rules'];
    expect(SCHEMA['required']).toEqual(pattern);
    for (const name of pattern) {
      const { [name]: _, ...rest } = fullPolicy();
      expect([name, isAccepted(rest), isValid(rest)]).toEqual([name, false, false]);
    }
  });
});

describe('the documentation', () => {
  it('has a row with an example for every field, under the heading that the schema names', () => {
    const text = read('docs/policy.md');
    const missing: string[] = [];
    const fields = (node: Node, prefix: string): readonly string[] => {
      return Object.entries((node['properties'] ?? {}) as { readonly [name: string]: Node }).flatMap(([name, part]) => {
        const inner = [part, part['items'] as Node, ...((part['anyOf'] ?? []) as readonly Node[])];
        const own = inner.filter((each) => each?.['properties'] !== undefined && each['title'] === undefined);
        return [`${prefix}${name}`, ...own.flatMap((each) => fields(each, `${prefix}${name}.`))];
      });
    };
    for (const node of [SCHEMA, ...Object.values(SCHEMA['$defs'] as { readonly [name: string]: Node })]) {
      const title = node['title'];
      if (title === undefined) continue;
      const section = text.split(/^#+ /m).find((part) => part.startsWith(`${String(title)}\n`)) ?? '';
      for (const name of fields(node, '')) {
        const row = section.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
        const example = row?.split(/(?<!\\)\|/).at(-2) ?? '';
        if (!/`[^`]+`/.test(example)) missing.push(`${String(title)}: ${name}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
