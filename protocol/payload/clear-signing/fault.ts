/** Thrown inside the interpreter only: the descriptor, or this field of it, says nothing about this value. */
export class DescriptorFault extends Error {
  override readonly name = 'DescriptorFault';
}

export function fault(what: string): never {
  throw new DescriptorFault(what);
}
