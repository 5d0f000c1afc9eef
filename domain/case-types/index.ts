import type { CaseType } from '../case-type'
import { ambulance } from './ambulance'
import { gbv } from './gbv'

/** Every case type this installation knows, by code. */
export const CASE_TYPES: Readonly<Record<string, CaseType>> = withoutPrototype({ gbv, ambulance })
export const CASE_TYPE_CODES: readonly string[] = Object.keys(CASE_TYPES)

/** A code comes from a caller, and every other object knows `toString` and `constructor`. */
function withoutPrototype(table: Record<string, CaseType>): Record<string, CaseType> {
  return Object.assign(Object.create(null) as Record<string, CaseType>, table)
}

/** The case type of this code; throws on a code that is in no table (rows cannot hold one: the column has a check). */
export function caseTypeOf(code: string): CaseType {
  const found = CASE_TYPES[code]
  if (!found) throw new Error(`unknown case type ${code}`)
  return found
}

/** Every provider type of every case type. */
export const PROVIDER_TYPES = Object.values(CASE_TYPES).flatMap(each => each.providerTypes)
