/** The form of a row in the table of known functions. */
import type { RiskCode } from '../../risk/codes.ts';
import { type FunctionSignature, parseSignature } from '../signature.ts';

/** Where the calls inside the arguments stand; openers.ts has the meaning of each. */
export type Unwrap =
  | 'safe'
  | 'setup'
  | 'module'
  | 'single'
  | 'foreign'
  | 'initialise'
  | 'multisend'
  | 'hash'
  | 'lists'
  | 'tuples'
  | 'self'
  | 'execution'
  | 'operations'
  | 'named'
  | 'named-lists';

/** What the arguments say about money; movements.ts has the meaning of each. */
export type Mover =
  | 'transfer'
  | 'approve'
  | 'transferFrom'
  | 'transfer-nft'
  | 'transfer-nfts'
  | 'transfer-batch'
  | 'permit'
  | 'permit-all'
  | 'authorized-transfer'
  | 'permit2-approve'
  | 'permit2-permit'
  | 'permit2-transfer'
  | 'permit2-transfers'
  | 'permit2-signed-transfer'
  | 'allowance'
  | 'allowance-transfer';

/** Whose rules over an account a known function changes. */
export type ControlArea =
  | 'owners'
  | 'threshold'
  | 'module'
  | 'guard'
  | 'module-guard'
  | 'fallback-handler'
  | 'singleton'
  | 'setup'
  | 'ownership'
  | 'upgrade'
  | 'code';

export interface KnownFunction extends FunctionSignature {
  /** 4 bytes as lower hex. */
  readonly selector: string;
  readonly unwrap?: Unwrap;
  readonly moves?: Mover;
  readonly control?: ControlArea;
  /** A token's own function: in foreign code run by delegatecall its name is a disguise. */
  readonly ofToken: boolean;
  /** The arguments are not read: we know what the function is for, not what these bytes make it do. */
  readonly nameOnly: boolean;
  /** It makes another account call, which one is written on the chain: an avatar of a module, a timelock of a governor. */
  readonly relays?: true;
  /** Codes that this function raises wherever it is called; risk/ adds those that depend on the arguments. */
  readonly risks: readonly RiskCode[];
}

type Extra = Partial<Pick<KnownFunction, 'unwrap' | 'moves' | 'control' | 'risks' | 'relays'>>;
export type Row = readonly [selector: string, signature: string, extra?: Extra];

/** Rows of one family, with what all of them have in common. */
export interface Family {
  readonly rows: readonly Row[];
  /** For each row, before the row's own. */
  readonly risks?: readonly RiskCode[];
  readonly unwrap?: Unwrap;
  readonly control?: ControlArea;
  readonly ofToken?: true;
  readonly nameOnly?: true;
}

export function functionsOf(family: Family): readonly KnownFunction[] {
  const { rows, risks = [], unwrap, control, ofToken = false, nameOnly = false } = family;
  return rows.map(([selector, signature, extra = {}]) => ({
    selector,
    ...parseSignature(signature),
    ...(unwrap === undefined ? {} : { unwrap }),
    ...(control === undefined ? {} : { control }),
    ...extra,
    ofToken,
    nameOnly,
    risks: [...risks, ...(extra.risks ?? [])],
  }));
}
