/** Where a command writes; tests give their own. */
export interface Io {
  stdout(line: string): void;
  stderr(line: string): void;
}

/** Why a command cannot do its work; always with exit code 1. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}
