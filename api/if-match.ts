import type { FieldFault } from '../domain/refusals'

/** What `If-Match` said: the version of an edit, or the revision a decision was taken on; neither when it is absent. */
export interface IfMatch {
  readonly version?: number
  readonly rev?: number
}

const FORM = /^(?:W\/)?"(rev:)?(\d{1,9})"$/

/** Reads `"3"` or `"rev:7"`; anything else is a fault. */
export function parseIfMatch(header: string | undefined): IfMatch | FieldFault {
  if (header === undefined) return {}
  const found = FORM.exec(header.trim())
  if (!found)
    return {
      path: 'headers.if-match',
      code: 'invalid_format',
      message: 'Must be a quoted version such as "3", or a revision such as "rev:7"',
    }
  const count = Number(found[2])
  return found[1] ? { rev: count } : { version: count }
}

/** The header of an answer that carries an editable thing. */
export const etagOf = (version: number): Readonly<Record<string, string>> => ({ etag: `"${version}"` })
