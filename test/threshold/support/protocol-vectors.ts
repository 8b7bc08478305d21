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
  readonly bip32: {
    readonly chainCode: string;
    readonly Q: string;
    readonly cases: readonly (Readonly<Record<'tau' | 'childPk' | 'childChainCode', string>> & {
      readonly path: readonly number[];
    })[];
  };
}

/** A message whose body is known by its hash. */
export interface KnownMessage {
  readonly eh: string;
  readonly bodySha256: string;
  readonly sig: string;
}

export interface KeygenVectors {
  readonly t: number;
  readonly rosterDigest: string;
  readonly epochId: string;
  readonly Q: string;
  readonly chainCode: string;
  readonly x: Readonly<Record<string, string>>;
  readonly X: Readonly<Record<string, string>>;
}

export interface SignVectors {
  readonly S: readonly number[];
  readonly path: readonly number[];
  readonly m: string;
  readonly proposalDigest: string;
  readonly attempt: number;
  readonly tau: string;
  readonly childPk: string;
  readonly sessionId: string;
  readonly r: string;
  readonly s: string;
  readonly recid: number;
  readonly parties: Readonly<
    Record<
      number,
      Readonly<Record<'R1' | 'R2' | 'R3', KnownMessage>> & {
        readonly peers: Readonly<
          Record<
            number,
            { readonly asA: { readonly envelope: KnownMessage }; readonly asB: { readonly envelope: KnownMessage } }
          >
        >;
      }
    >
  >;
}

interface EndemicVectors {
  readonly rows: readonly Readonly<
    Record<'u' | 'v0' | 'v1' | 'R_unchosen' | 'R_0' | 'R_1' | 'V_0' | 'V_1' | 'K_0' | 'K_1' | 'K_c', string> & {
      readonly idx: number;
      readonly c: number;
    }
  >[];
}

export interface PairSetupVectors {
  readonly i: number;
  readonly j: number;
  readonly zs: string;
  readonly pairSid: string;
  readonly pairEpoch: string;
  readonly selftestSessionId: string;
  readonly Delta: Readonly<Record<string, string>>;
  readonly seedsSha256: Readonly<Record<string, string>>;
  readonly messages: Readonly<Record<string, Readonly<Record<string, KnownMessage>>>>;
  readonly signature: SignVectors;
}

interface ProtocolVectors {
  readonly keygen: KeygenVectors;
  readonly sign: { readonly root: SignVectors; readonly path: SignVectors };
  readonly sign35: { readonly keygen: KeygenVectors; readonly sign: SignVectors };
  readonly endemic: EndemicVectors;
  readonly pairsetup: PairSetupVectors;
  readonly elements: ElementVectors;
  readonly rvole: RvoleVectors;
}

export const protocolVectors = JSON.parse(
  readFileSync(new URL('../../vectors/protocol-vectors.json', import.meta.url), 'utf8'),
) as ProtocolVectors;
