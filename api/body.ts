import { json, urlencoded, type Request, type RequestHandler, type Response } from 'express'
import type { FieldFault } from '../domain/refusals'
import { Refusal } from '../domain/refusals'

/** The media type of a form without files. */
export const FORM_TYPE = 'application/x-www-form-urlencoded'

const BODY_BYTES = 1_048_576
const BODY_DEPTH = 32
// A form is read before its signature is known to be good, so whoever likes may send one.
const FORM_BYTES = 65_536
// A client that sends its megabyte drop by drop holds a connection; an upload may take longer (see the server).
const BODY_WITHIN_MS = 30_000

// Compressed bodies are refused: nobody needs them for a megabyte of JSON, and they can unfold.
const parseJson = json({ limit: BODY_BYTES, strict: false, inflate: false, type: isJson })

const parseForm = urlencoded({ limit: FORM_BYTES, extended: false, inflate: false, type: isForm })

/** The JSON of a request; `{}` when there is no body. Throws the refusals of size, form and media type. */
export async function readBody(req: Request, res: Response): Promise<unknown> {
  if (!hasBody(req)) return {}
  if (!isJson(req)) throw new Refusal('MEDIA_TYPE_NOT_SUPPORTED', { detail: 'Send the body as application/json' })
  return parsedBy(parseJson, BODY_BYTES, req, res)
}

/** The fields of a form, each a text or, when it came more than once, a list of them; otherwise as `readBody`. */
export async function readForm(req: Request, res: Response): Promise<unknown> {
  if (!hasBody(req)) return {}
  if (!isForm(req)) throw new Refusal('MEDIA_TYPE_NOT_SUPPORTED', { detail: `Send the body as ${FORM_TYPE}` })
  return parsedBy(parseForm, FORM_BYTES, req, res)
}

async function parsedBy(parse: RequestHandler, bytes: number, req: Request, res: Response): Promise<unknown> {
  const late = setTimeout(() => req.destroy(), BODY_WITHIN_MS)
  await new Promise<void>((resolve, reject) => {
    parse(req, res, (error?: unknown) => (error ? reject(bodyRefusal(error, bytes)) : resolve()))
  }).finally(() => clearTimeout(late))
  const body: unknown = req.body
  return body === undefined ? {} : body
}

/** What no schema looks at: nesting beyond 32 levels, and the zero character, which PostgreSQL cannot store. */
export function bodyFault(body: unknown): FieldFault | undefined {
  const found = flaw(body, 1)
  if (found === 'deep') return { path: 'body', code: 'too_deep', message: `Nested deeper than ${BODY_DEPTH} levels` }
  if (found === 'zero') return { path: 'body', code: 'invalid_text', message: 'Contains a zero character' }
  return undefined
}

function flaw(value: unknown, depth: number): 'deep' | 'zero' | undefined {
  if (typeof value === 'string') return value.includes('\u0000') ? 'zero' : undefined
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > BODY_DEPTH) return 'deep'
  for (const [key, inner] of Object.entries(value)) {
    const found = key.includes('\u0000') ? 'zero' : flaw(inner, depth + 1)
    if (found) return found
  }
  return undefined
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

const typeOf = ({ headers }: { headers: Request['headers'] }): string =>
  headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''

function isForm(req: { headers: Request['headers'] }): boolean {
  return typeOf(req) === FORM_TYPE
}

function isJson(req: { headers: Request['headers'] }): boolean {
  const type = typeOf(req)
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'))
}

function bodyRefusal(error: unknown, bytes: number): Refusal {
  switch ((error as { type?: unknown }).type) {
    case 'entity.too.large':
    case 'parameters.too.many':
      return new Refusal('BODY_TOO_LARGE', { detail: `The body is larger than ${bytes} bytes` })
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Refusal('MEDIA_TYPE_NOT_SUPPORTED', { detail: 'Send the body as UTF-8, not compressed' })
    default:
      return new Refusal('BODY_MALFORMED')
  }
}
