/** How much one process takes on, and how patient it is. */
export interface Bounds {
  /** A socket signs in within so many milliseconds. */
  readonly signInMs: number
  /** So often it is asked whether it is there; it answers before the next question. */
  readonly pingMs: number
  /** Bytes that may wait to be sent to one reader. */
  readonly bufferedBytes: number
  /** For so long may anything wait to be sent. */
  readonly drainMs: number
  /** In all. */
  readonly sockets: number
  /** Of one person. */
  readonly ofOnePerson: number
  /** Of one address, that have not signed in yet. */
  readonly strangersOfOneAddress: number
}

export const BOUNDS: Bounds = {
  signInMs: 5_000,
  pingMs: 25_000,
  bufferedBytes: 1_048_576,
  drainMs: 10_000,
  sockets: 10_000,
  ofOnePerson: 20,
  // Phones of one mobile network share an address, and come back together after a restart.
  strangersOfOneAddress: 500,
}
