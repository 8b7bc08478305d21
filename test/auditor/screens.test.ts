/** The pictures of screens in docs/pictures are what the built program prints; `node scripts/screens.mjs` draws them again. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

test('the pictures say what the program says', () => {
  const run = spawnSync(process.execPath, ['scripts/screens.mjs', '--check'], {
    cwd: fileURLToPath(ROOT),
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(run.stdout).toBe('4 screens\n');
});

describe.each(['transfer', 'approval', 'multisend', 'bybit'])('%s', (name) => {
  const svg = readFileSync(new URL(`docs/pictures/screen-${name}.svg`, ROOT), 'utf8');

  test('has a title and its whole text for those who cannot see it', () => {
    expect(svg).toMatch(/role="img" aria-labelledby="title text"/);
    expect(svg).toMatch(/<title id="title">[^<]+<\/title>\n<desc id="text">[^<]{300,}<\/desc>/);
  });

  test('stays inside its frame', () => {
    const [, width = '0', height = '0'] = /width="([0-9]+)" height="([0-9]+)"/.exec(svg) ?? [];
    const texts = [...svg.matchAll(/<text x="([0-9.]+)" y="([0-9]+)" textLength="([0-9.]+)"/g)];
    expect(texts.length).toBeGreaterThan(15);
    for (const [, x, y, length] of texts) {
      expect(Number(x) + Number(length)).toBeLessThanOrEqual(Number(width));
      expect(Number(y)).toBeLessThan(Number(height));
    }
  });
});
