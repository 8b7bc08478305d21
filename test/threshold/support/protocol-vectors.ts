/** The known answers of an independent implementation, test/vectors/protocol-vectors.json. */
import { readFileSync } from 'node:fs';

interface RvoleVectors {
  readonly values: { readonly seedsSha256: string };
  readonly c1: Readonly<
    Record<'U_0' | 'U_127' | 'hU' | 'xh' | 'th_0' | 'thSha256' | 'psiSha256' | 'g_415' | 'b' | 'oteSha256', string>
  >;
  readonly c2: Readonly<Record<'zeta_0' | 'zeta_415' | 'at_0_0' | 'atSha256' | 'eta' | 'mu' | 'mulSha256', string>> & {
    readonly theta: readonly string[];
    readonly c: readonly string[];
  };
  readonly c3: { readonly d: readonly string[] };
  readonly negative: readonly {
    readonly case: string;
    readonly check: 'C1' | 'C2';
    readonly result: boolean;
    readonly bodySha256: string;
  }[];
}

interface ElementVectors {
  readonly gfMul: readonly { readonly a: string; readonly b: string; readonly product: string }[];
  readonly chi: readonly string[];
  readonly rowHash: readonly { readonly row: string; readonly hash: string }[];
  readonly transpose: { readonly allSha256: string };
}

interface ProtocolVectors {
  readonly elements: ElementVectors;
  readonly rvole: RvoleVectors;
}

export const protocolVectors = JSON.parse(
  readFileSync(new URL('../../vectors/protocol-vectors.json', import.meta.url), 'utf8'),
) as ProtocolVectors;
