import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { KeyRing, parseKeyRing, parseNamedKey, parseSecret } from './keyring'

const secret = () => randomBytes(32).toString('base64')

test('the first key of a ring makes, all of them are found', () => {
  const ring = parseKeyRing(`k2:${secret()}, k1:${secret()}`)
  expect(ring.newest.id).toBe('k2')
  expect(ring.ids).toEqual(['k2', 'k1'])
  expect(ring.find('k1')?.id).toBe('k1')
  expect(ring.find('k3')).toBeUndefined()
})

test('base64url is read as well', () => {
  const bytes = randomBytes(32)
  expect(parseSecret(bytes.toString('base64url')).export().equals(bytes)).toBe(true)
})

test.each([
  ['nothing', ''],
  ['no id', secret()],
  ['an empty id', `:${secret()}`],
  ['a dot in the id', `a.b:${secret()}`],
  ['a short secret', `k1:${randomBytes(31).toString('base64')}`],
  ['a long secret', `k1:${randomBytes(33).toString('base64')}`],
  ['not base64', `k1:${'!'.repeat(44)}`],
  ['the same id twice', `k1:${secret()},k1:${secret()}`],
  ['a trailing comma', `k1:${secret()},`],
])('a ring with %s is refused without repeating it', (_, text) => {
  const encoded = text.split(':')[1]
  expect(() => parseKeyRing(text)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(encoded || '\0') }),
  )
})

test('printing a ring prints no secret', () => {
  const encoded = secret()
  const ring = new KeyRing([parseNamedKey(`k1:${encoded}`)])
  const bytes = Buffer.from(encoded, 'base64')
  for (const shown of [inspect(ring, { depth: 9, showHidden: true }), JSON.stringify(ring)]) {
    expect(shown).toContain('k1')
    expect(shown).not.toContain(encoded.slice(0, 20))
    expect(shown).not.toContain(bytes.toString('hex').slice(0, 20))
  }
})
