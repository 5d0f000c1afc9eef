/** What the doctor says about one part of the installation. `note`: it works, and something is worth knowing. */
export interface Finding {
  readonly part: string
  readonly state: 'ok' | 'note' | 'failed'
  readonly says: string
  /** What mends it; every failed part has one. */
  readonly remedy?: string
}

export const ok = (part: string, says: string): Finding => ({ part, state: 'ok', says })
export const note = (part: string, says: string): Finding => ({ part, state: 'note', says })
export const failed = (part: string, says: string, remedy: string): Finding => ({ part, state: 'failed', says, remedy })

const WIDEST_PART = 16

/** A finding as it is printed; the remedy stands under it. */
export function lineOf({ part, state, says, remedy }: Finding): string {
  const line = `${state.padEnd(6)}  ${part.padEnd(WIDEST_PART)}  ${says}`
  return remedy === undefined ? line : `${line}\n${' '.repeat(WIDEST_PART + 10)}Mend it: ${remedy}`
}

/** An error in one line, without the addresses and values that it may quote. */
export function reasonOf(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string' || typeof code === 'number') return String(code)
  return error instanceof Error ? error.name : 'unknown error'
}
