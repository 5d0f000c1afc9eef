/** What a log says of an error: codes and places in the code, and a message only where it cannot hold a value. */
export interface ErrorDescription {
  readonly name: string
  readonly code?: string | number
  readonly type?: string
  readonly table?: string
  readonly constraint?: string
  readonly message?: string
  readonly stack?: readonly string[]
  readonly cause?: ErrorDescription
  readonly errors?: readonly ErrorDescription[]
}

// The SQLSTATE of PostgreSQL, as in 23505.
const SQLSTATE = /^[0-9A-Z]{5}$/
// Errors whose messages quote what they were given: JSON.parse repeats the body, a schema the field's value.
const QUOTING = new Set(['SyntaxError', 'ZodError', 'AssertionError', 'URIError'])
const FRAME = /^at .{1,300}(?::\d+:\d+\)?|\(<anonymous>\)|\(native\))$/
const MOST_FRAMES = 8
const LONGEST_MESSAGE = 300
const DEEPEST_CAUSE = 4

type Fields = Readonly<Record<string, unknown>>

/**
 * Describes an error without its values: of a database error its code, table and constraint alone (its detail and its
 * message repeat the row and the query's bindings), of a vendor's reply its code alone, of every other error also the
 * message, with all quoted parts left out; `clean` goes over what is left of the message.
 */
export function describeError(error: Error, clean: (text: string) => string): ErrorDescription {
  return describe(error, clean, 0)
}

function describe(error: Error, clean: (text: string) => string, depth: number): ErrorDescription {
  const fields = error as unknown as Fields
  const native = depth < DEEPEST_CAUSE ? (asError(fields.cause) ?? asError(fields.nativeError)) : undefined
  const errors = error instanceof AggregateError && depth < DEEPEST_CAUSE ? error.errors.slice(0, 5).map(asError) : []
  const message = mayShowMessage(error, fields) ? messageOf(error, fields, clean) : undefined
  return {
    name: word(error.name) ?? 'Error',
    ...present('code', codeOf(fields.code) ?? codeOf(fields.responseCode)),
    ...present('type', word(fields.type)),
    ...present('table', word(fields.table)),
    ...present('constraint', word(fields.constraint)),
    ...present('message', message),
    ...present('stack', framesOf(error)),
    ...present('cause', native && describe(native, clean, depth + 1)),
    ...(errors.length > 0 && { errors: errors.flatMap(e => (e ? [describe(e, clean, depth + 1)] : [])) }),
  }
}

/** A message is held back wherever somebody else's text may be in it: the database, a mail server, a parser. */
function mayShowMessage(error: Error, fields: Fields): boolean {
  if (QUOTING.has(error.name) || error instanceof SyntaxError) return false
  const fromDatabase =
    (typeof fields.code === 'string' && SQLSTATE.test(fields.code)) ||
    ['severity', 'nativeError', 'detail', 'constraint', 'bindings', 'sql'].some(key => key in fields)
  const fromVendor = ['response', 'responseCode', 'rejected', 'command'].some(key => key in fields)
  return !fromDatabase && !fromVendor
}

function messageOf(error: Error, fields: Fields, clean: (text: string) => string): string {
  const programming = error instanceof TypeError || error instanceof ReferenceError
  const text = programming && fields.code === undefined ? error.message : withoutQuotes(error.message)
  return clean(text.slice(0, LONGEST_MESSAGE))
}

function withoutQuotes(text: string): string {
  return text.replace(/"[^"]*"?|`[^`]*`?|(?<![A-Za-z])'[^']*'?/g, '…')
}

/** Only the frames: the head of a stack repeats the message, which may go over many lines. */
function framesOf({ stack }: Error): readonly string[] | undefined {
  const lines = (stack ?? '').split('\n').map(line => line.trim())
  const frames = lines.filter(line => FRAME.test(line)).slice(-50)
  return frames.length > 0 ? frames.slice(0, MOST_FRAMES) : undefined
}

function asError(value: unknown): Error | undefined {
  return value instanceof Error ? value : undefined
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,80}$/.test(value) ? value : undefined
}

function codeOf(value: unknown): string | number | undefined {
  return typeof value === 'number' ? value : word(value)
}

function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V })
}
