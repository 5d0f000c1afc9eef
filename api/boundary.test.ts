import { Readable } from 'node:stream'
import type { Request } from 'express'
import { sniffBoundary } from './boundary'

/** A request whose body comes in these pieces. */
function sent(pieces: readonly string[], type: string | undefined = 'application/json'): Request {
  const req = Readable.from(pieces.map(piece => Buffer.from(piece, 'latin1'))) as unknown as Request
  return Object.assign(req, { headers: type === undefined ? {} : { 'content-type': type } }) as Request
}

async function sniffed(pieces: readonly string[], type?: string): Promise<[type: string | undefined, body: string]> {
  const req = sent(pieces, type)
  await sniffBoundary(req)
  const parts: Buffer[] = []
  for await (const part of req as unknown as AsyncIterable<Buffer>) parts.push(part)
  return [req.headers['content-type'], Buffer.concat(parts).toString('latin1')]
}

const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW'
const FORM = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--${BOUNDARY}--\r\n`

it.each<[string, string[]]>([
  ['in one piece', [FORM]],
  ['byte by byte', [...FORM]],
  ['cut in the first line', [FORM.slice(0, 9), FORM.slice(9)]],
])('finds the boundary of a form that comes %s, and loses no byte', async (_how, pieces) => {
  expect(await sniffed(pieces)).toEqual([`multipart/form-data; boundary="${BOUNDARY}"`, FORM])
})

it.each<[string, string]>([
  ['JSON', '{"a":1}'],
  ['nothing', ''],
  ['a line that never ends', `--${'x'.repeat(500)}`],
  ['a boundary that none can be', '--a"b\r\nrest'],
])('leaves %s as it came', async (_what, body) => {
  expect(await sniffed(body === '' ? [] : [body])).toEqual(['application/json', body])
})

it('believes a header that names one', async () => {
  const type = 'multipart/form-data; boundary=other'
  expect(await sniffed([FORM], type)).toEqual([type, FORM])
})
