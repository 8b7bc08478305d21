/** Separation of duties counts human beings, by the name that roster and policy give them. */

/** Case and spaces aside: nobody becomes two persons by a second blank. */
export function samePerson(a: string, b: string): boolean {
  return personName(a) === personName(b);
}

/** What two spellings of one person have in common. */
export function personName(person: string): string {
  return person.trim().toLowerCase().replaceAll(/ +/g, ' ');
}
