import { randomBytes } from 'node:crypto'
import {
  blindIndex,
  DataKeyCache,
  newDataKey,
  openColumn,
  rewrap,
  SealBroken,
  sealColumn,
  unwrapDataKey,
  wrapDataKey,
  type SealFault,
} from './envelope'
import { KeyRing, parseNamedKey } from './keyring'

const key = (id: string) => parseNamedKey(`${id}:${randomBytes(32).toString('base64')}`)
const place = { table: 'incidents', column: 'title', rowId: 'row-1' }

function faultOf(act: () => unknown): SealFault | 'none' {
  try {
    act()
    return 'none'
  } catch (error) {
    if (error instanceof SealBroken) return error.fault
    throw error
  }
}

function flipped(sealed: string, part: number): string {
  const parts = sealed.split('.')
  const bytes = Buffer.from(parts[part] ?? '', 'base64url')
  bytes[0] = (bytes[0] ?? 0) ^ 1
  parts[part] = bytes.toString('base64url')
  return parts.join('.')
}

describe('a column', () => {
  const dataKey = newDataKey()

  test.each(['', 'Amina', 'ที่บ้าน · घर · nyumbani', 'a'.repeat(100_000)])('opens to what was sealed', text => {
    expect(openColumn(dataKey, place, sealColumn(dataKey, place, text))).toBe(text)
  })

  test('never seals twice alike', () => {
    const seals = new Set(Array.from({ length: 200 }, () => sealColumn(dataKey, place, 'same')))
    expect(seals.size).toBe(200)
  })

  test.each([
    ['another table', { ...place, table: 'users' }],
    ['another column', { ...place, column: 'description' }],
    ['another row', { ...place, rowId: 'row-2' }],
  ])('does not open in %s', (_, elsewhere) => {
    const sealed = sealColumn(dataKey, place, 'Amina')
    expect(faultOf(() => openColumn(dataKey, elsewhere, sealed))).toBe('tampered')
  })

  test('does not open with another key', () => {
    expect(faultOf(() => openColumn(newDataKey(), place, sealColumn(dataKey, place, 'x')))).toBe('tampered')
  })

  test.each([1, 2, 3])('does not open when one bit of part %i is flipped', part => {
    expect(faultOf(() => openColumn(dataKey, place, flipped(sealColumn(dataKey, place, 'Amina'), part)))).toBe(
      'tampered',
    )
  })

  test.each(['', 'v1', 'v2.a.b.c', 'v1.a.b', 'v1.a.b.c', 'plain text', 'v1.AAAAAAAAAAAAAAAA.AAAA.AAAA'])(
    'of the form %p is malformed',
    text => {
      expect(faultOf(() => openColumn(dataKey, place, text))).toBe('malformed')
    },
  )

  test('says nothing about the text when its seal is broken', () => {
    const act = () => openColumn(newDataKey(), place, sealColumn(dataKey, place, 'Amina'))
    expect(act).toThrow('a sealed value does not open: tampered')
  })
})

describe('a data key', () => {
  const [old, fresh] = [key('k1'), key('k2')]
  const before = new KeyRing([old])
  const after = new KeyRing([fresh, old])

  test('survives wrapping, and the rotation of the ring', () => {
    const dataKey = newDataKey()
    const wrapped = wrapDataKey(before, 'row-1', dataKey)
    expect(wrapped).toMatch(/^v1\.k1(\.[A-Za-z0-9_-]+){3}$/)
    expect(unwrapDataKey(after, 'row-1', wrapped).equals(dataKey)).toBe(true)

    const moved = rewrap(after, 'row-1', wrapped)
    expect(moved.startsWith('v1.k2.')).toBe(true)
    expect(unwrapDataKey(new KeyRing([fresh]), 'row-1', moved).equals(dataKey)).toBe(true)
    expect(rewrap(after, 'row-1', moved)).toBe(moved)
  })

  test('opens only for its own row, and only with its ring', () => {
    const wrapped = wrapDataKey(before, 'row-1', newDataKey())
    expect(faultOf(() => unwrapDataKey(before, 'row-2', wrapped))).toBe('tampered')
    expect(faultOf(() => unwrapDataKey(new KeyRing([fresh]), 'row-1', wrapped))).toBe('unknown_key')
    expect(faultOf(() => unwrapDataKey(new KeyRing([key('k1')]), 'row-1', wrapped))).toBe('tampered')
    expect(faultOf(() => unwrapDataKey(before, 'row-1', 'gone'))).toBe('malformed')
  })
})

test('a blind index forgives case and blanks, and nothing else', () => {
  const index = key('b1')
  expect(blindIndex(index, ' Amina@Example.org ')).toBe(blindIndex(index, 'amina@example.org'))
  expect(blindIndex(index, 'amina@example.com')).not.toBe(blindIndex(index, 'amina@example.org'))
  expect(blindIndex(key('b1'), 'amina@example.org')).not.toBe(blindIndex(index, 'amina@example.org'))
})

test('the cache keeps the newest and forgets on demand', () => {
  const cache = new DataKeyCache(2)
  const [a, b, c] = [newDataKey(), newDataKey(), newDataKey()]
  cache.put('a', a)
  cache.put('b', b)
  cache.put('a', a)
  cache.put('c', c)
  expect(cache.get('b')).toBeUndefined()
  expect(cache.get('a')).toBe(a)
  cache.forget('a')
  expect(cache.get('a')).toBeUndefined()
  expect(cache.get('c')).toBe(c)
})
