import { v7, validate } from 'uuid'

/** A new UUID version 7: ids made by one process sort in the order in which they were made. */
export function newId(): string {
  return v7()
}

/** Whether the value is a UUID in its usual text form, of any version and in either case. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && validate(value)
}
