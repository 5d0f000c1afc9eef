import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose'
import { KeyRing, parseNamedKey, type NamedKey } from './keyring'
import { createAccessTokens, digestToken, newOpaqueToken } from './tokens'

const key = (id: string) => parseNamedKey(`${id}:${randomBytes(32).toString('base64')}`)
const [old, fresh] = [key('k1'), key('k2')]
const tokens = createAccessTokens({ keys: new KeyRing([old]), seconds: 900 })
const claims = { sub: 'user-1', sid: 'session-1', role: 'dispatcher' }
const now = new Date('2026-03-01T08:00:00Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)

test('a token says who, which session, which role, and nothing else', async () => {
  const token = await tokens.sign(claims, now)
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', kid: 'k1' })
  const issued = now.getTime() / 1000
  expect(decodeJwt(token)).toEqual({ ...claims, iss: 'kesi', aud: 'kesi-api', iat: issued, exp: issued + 900 })
  expect(await tokens.verify(token, later(899))).toEqual(claims)
})

test('a token ends on its second', async () => {
  const token = await tokens.sign(claims, now)
  await expect(tokens.verify(token, later(900))).rejects.toMatchObject({ name: 'TokenRefused', fault: 'expired' })
})

test('an older key still verifies, a key that left the ring does not', async () => {
  const token = await tokens.sign(claims, now)
  const rotated = createAccessTokens({ keys: new KeyRing([fresh, old]), seconds: 900 })
  expect(await rotated.verify(token, now)).toEqual(claims)
  expect(decodeProtectedHeader(await rotated.sign(claims, now)).kid).toBe('k2')
  const gone = createAccessTokens({ keys: new KeyRing([fresh]), seconds: 900 })
  await expect(gone.verify(token, now)).rejects.toMatchObject({ fault: 'invalid' })
})

describe('refused as invalid', () => {
  const forge = (over: { kid?: string; iss?: string; aud?: string; role?: unknown; by?: NamedKey }) =>
    new SignJWT({ sid: 'session-1', role: 'role' in over ? over.role : 'admin' })
      .setProtectedHeader({ alg: 'HS256', ...(over.kid === '' ? {} : { kid: over.kid ?? 'k1' }) })
      .setSubject('user-1')
      .setIssuer(over.iss ?? 'kesi')
      .setAudience(over.aud ?? 'kesi-api')
      .setIssuedAt(now)
      .setExpirationTime(later(900))
      .sign((over.by ?? old).secret)

  const cases: Record<string, () => Promise<string> | string> = {
    'no token': () => '',
    'not a token': () => 'a.b.c',
    'alg none': () => new UnsecuredJWT({ ...claims }).setIssuer('kesi').setAudience('kesi-api').encode(),
    'another HMAC by our secret': () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const times = { iat: now.getTime() / 1000, exp: now.getTime() / 1000 + 900 }
      const signed = `${part({ alg: 'HS512', kid: 'k1' })}.${part({ ...claims, ...times, iss: 'kesi', aud: 'kesi-api' })}`
      return `${signed}.${createHmac('sha512', old.secret).update(signed).digest('base64url')}`
    },
    'no kid': () => forge({ kid: '' }),
    'an unknown kid': () => forge({ kid: 'k9' }),
    'another secret under our kid': () => forge({ by: key('k1') }),
    'another issuer': () => forge({ iss: 'elsewhere' }),
    'another audience': () => forge({ aud: 'elsewhere' }),
    'a role that is no text': () => forge({ role: ['admin'] }),
    'no role': () => forge({ role: undefined }),
    'an asymmetric signature': () =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
        .sign(generateKeyPairSync('ed25519').privateKey),
  }

  test.each(Object.entries(cases))('%s', async (_, make) => {
    await expect(tokens.verify(await make(), now)).rejects.toMatchObject({ name: 'TokenRefused', fault: 'invalid' })
  })

  test('a changed signature, with no word of the token in the error', async () => {
    const token = await tokens.sign(claims, now)
    const changed = token.slice(0, -4) + (token.endsWith('AAAA') ? 'BBBB' : 'AAAA')
    await expect(tokens.verify(changed, now)).rejects.toThrow(/^an access token was refused: invalid$/)
  })
})

test('opaque tokens are 256 bits, never twice the same, stored as a digest', () => {
  const made = Array.from({ length: 500 }, newOpaqueToken)
  expect(new Set(made).size).toBe(500)
  expect(made.every(token => Buffer.from(token, 'base64url').length === 32)).toBe(true)
  expect(digestToken('abc')).toBe(
    Buffer.from('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'hex').toString('base64url'),
  )
})
