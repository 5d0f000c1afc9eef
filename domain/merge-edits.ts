/** Values of fields by their name. Absent and null are the same: nothing is said there. */
export type FieldValues = Readonly<Record<string, unknown>>

export interface EditsToMerge {
  /** What the editor wants the fields to be; null clears one. */
  readonly yours: FieldValues
  /** What the fields were on the version that the editor saw, as far as the editor still knows. */
  readonly base: FieldValues
  /** What the fields are now; it must have every field of `yours`. */
  readonly current: FieldValues
  /** The fields that anybody has edited since the version that the editor saw. */
  readonly changedSince: ReadonlySet<string>
}

/** Every field of `yours` is in `merged`, in `conflicts`, or is no edit: the editor left it as it was on the base. */
export interface MergedEdits {
  /** Fields that are, or now become, what the editor wants. */
  readonly merged: readonly string[]
  /** Those of `merged` that must be written for it. */
  readonly toWrite: readonly string[]
  /** Fields that somebody else changed too, to something else: nothing is written, a person has to decide. */
  readonly conflicts: readonly string[]
}

/**
 * The three-way merge of an edit that was made on an older version. Edits of different fields come to the same whatever their order;
 * of two different edits of one field the first stands and the second is reported. The same edit merged again changes nothing.
 */
export function mergeEdits({ yours, base, current, changedSince }: EditsToMerge): MergedEdits {
  const merged: string[] = []
  const toWrite: string[] = []
  const conflicts: string[] = []
  for (const [field, value] of Object.entries(yours)) {
    const knowsBase = field in base
    if (isSame(value, current[field])) merged.push(field)
    else if (!changedSince.has(field) || (knowsBase && isSame(base[field], current[field]))) {
      merged.push(field)
      toWrite.push(field)
    } else if (!knowsBase || !isSame(value, base[field])) conflicts.push(field)
  }
  return { merged, toWrite, conflicts }
}

/** Do two values say the same? The order of an object's keys does not matter, nor do its empty fields. */
export const isSame = (one: unknown, other: unknown): boolean => canonical(one) === canonical(other)

const canonical = (value: unknown): string => JSON.stringify(value ?? null, withSortedKeys)

function withSortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).filter(([, each]) => each !== null && each !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
