import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const [SEQUENCE, SET, INTEGER, BITS, OCTETS, ID, UTF8, TIME] = [0x30, 0x31, 0x02, 0x03, 0x04, 0x06, 0x0c, 0x18] as const
/** ecdsa-with-SHA256, commonName, subjectAltName: as DER writes them. */
const [ECDSA, COMMON_NAME, ALT_NAME] = ['2a8648ce3d040302', '550403', '551d11'] as const
const VERSION_3 = Buffer.from('a003020102', 'hex')
const [DNS_NAME, IP_ADDRESS, EXTENSIONS] = [0x82, 0x87, 0xa3] as const

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const id = (hex: string): Buffer => der(ID, Buffer.from(hex, 'hex'))
const bits = (body: Buffer): Buffer => der(BITS, Buffer.from([0]), body)
const pem = (label: string, body: Buffer): string =>
  `-----BEGIN ${label}-----\n${body.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`

/** A key and a certificate signed by itself, for a name and for 127.0.0.1, that holds longer than any test. */
export function makeCertificate(name: string): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const algorithm = der(SEQUENCE, id(ECDSA))
  const owner = der(SEQUENCE, der(SET, der(SEQUENCE, id(COMMON_NAME), der(UTF8, Buffer.from(name)))))
  const names = der(SEQUENCE, der(DNS_NAME, Buffer.from(name)), der(IP_ADDRESS, Buffer.from([127, 0, 0, 1])))
  const content = der(
    SEQUENCE,
    VERSION_3,
    der(INTEGER, Buffer.from([1]), randomBytes(8)),
    algorithm,
    owner,
    der(SEQUENCE, der(TIME, Buffer.from('20200101000000Z')), der(TIME, Buffer.from('21200101000000Z'))),
    owner,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(EXTENSIONS, der(SEQUENCE, der(SEQUENCE, id(ALT_NAME), der(OCTETS, names)))),
  )
  const certificate = der(SEQUENCE, content, algorithm, bits(sign('sha256', content, privateKey)))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: pem('CERTIFICATE', certificate),
  }
}
