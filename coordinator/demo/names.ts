/** What the demo calls things. */

export const THRESHOLD = 2;
export const WALLET = 'treasury';
