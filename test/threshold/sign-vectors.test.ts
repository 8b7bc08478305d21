import { describe, it } from 'vitest';
import { protocolVectors } from './support/protocol-vectors.ts';
import { expectSigned, knownStores } from './support/sign-vectors.ts';

const { keygen, sign, sign35 } = protocolVectors;

describe('signing vectors (docs/protocol.md d): every message byte for byte', () => {
  it('2 of 3, root key', () => {
    expectSigned(keygen, sign.root, 'keygen', 'sign/root/', knownStores(keygen, sign.root.S, 'keygen', 'sign/'));
  });
  it('2 of 3, path 0/7', () => {
    expectSigned(keygen, sign.path, 'keygen', 'sign/path/', knownStores(keygen, sign.path.S, 'keygen', 'sign/'));
  });
  it('3 of 5, path 44', () => {
    const { keygen: key, sign: known } = sign35;
    expectSigned(key, known, 'keygen35', 'sign35/run/', knownStores(key, known.S, 'keygen35', 'sign35/'));
  });
});
