import { randomBytes } from 'node:crypto'
import { ApplicationFailure, defaultPayloadConverter, toPayloads, type Payload } from '@temporalio/common'
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
  encodeToPayloads,
  loadDataConverter,
} from '@temporalio/common/lib/internal-non-workflow'
import { temporal } from '@temporalio/proto'
import { KeyRing, parseNamedKey } from '../keyring'
import { createPayloadCodec } from './codec'
import { dataConverter } from './data-converter'

const key = (id: string) => parseNamedKey(`${id}:${randomBytes(32).toString('base64')}`)
const [old, fresh] = [key('c1'), key('c2')]
const before = createPayloadCodec(new KeyRing([old]))
const after = createPayloadCodec(new KeyRing([fresh, old]))
const values = [{ incidentId: 'CANARY' }, 'CANARY', null, undefined, new Uint8Array([1, 2, 3]), 'x'.repeat(50_000)]

const payloads = (): Payload[] => toPayloads(defaultPayloadConverter, ...values) ?? []
const read = (found: Payload[]) => found.map(payload => defaultPayloadConverter.fromPayload<unknown>(payload))
const text = (payload: Payload | undefined, name: string) => Buffer.from(payload?.metadata?.[name] ?? []).toString()

test('what goes in comes out, and nothing of it shows in between', async () => {
  const encoded = await before.encode(payloads())
  expect(read(await before.decode(encoded))).toEqual(values)
  for (const payload of encoded) {
    expect(text(payload, 'encoding')).toBe('binary/encrypted')
    expect(text(payload, 'encryption-key-id')).toBe('c1')
    expect(Buffer.from(payload.data ?? []).includes('CANARY')).toBe(false)
  }
})

test('the same payload never looks the same twice', async () => {
  const [one, two] = await before.encode([...payloads().slice(0, 1), ...payloads().slice(0, 1)])
  expect(Buffer.from(one?.data ?? []).equals(Buffer.from(two?.data ?? []))).toBe(false)
})

test('after a rotation the old key still opens, the new one makes', async () => {
  expect(read(await after.decode(await before.encode(payloads())))).toEqual(values)
  const [made] = await after.encode(payloads())
  expect(text(made, 'encryption-key-id')).toBe('c2')
  await expect(before.decode([made ?? {}])).rejects.toThrow('a key the ring does not hold')
})

test('a payload from before the codec is passed on', async () => {
  expect(read(await after.decode(payloads()))).toEqual(values)
})

describe('does not open', () => {
  const encoded = async () => {
    const [payload] = await after.encode(payloads())
    return { metadata: { ...payload?.metadata }, data: Buffer.from(payload?.data ?? []) }
  }

  test('with another key named', async () => {
    const payload = await encoded()
    payload.metadata['encryption-key-id'] = Buffer.from('c1')
    await expect(after.decode([payload])).rejects.toThrow('does not open')
  })

  test('with no key named', async () => {
    const payload = await encoded()
    delete payload.metadata['encryption-key-id']
    await expect(after.decode([payload])).rejects.toThrow('a key the ring does not hold')
  })

  test.each([0, 12, 28, -1])('with a bit of byte %i flipped', async at => {
    const payload = await encoded()
    const index = at < 0 ? payload.data.length - 1 : at
    payload.data[index] = (payload.data[index] ?? 0) ^ 1
    await expect(after.decode([payload])).rejects.toThrow('does not open')
  })

  test.each([0, 5, 20, 28])('cut to %i bytes', async length => {
    const payload = await encoded()
    await expect(after.decode([{ ...payload, data: payload.data.subarray(0, length) }])).rejects.toThrow(
      'does not open',
    )
  })
})

describe('the data converter', () => {
  const converter = loadDataConverter(dataConverter({ codecKeys: new KeyRing([fresh]) }))
  const { Failure } = temporal.api.failure.v1

  test('carries values there and back', async () => {
    const encoded = await encodeToPayloads(converter, ...values)
    expect(await decodeArrayFromPayloads(converter, encoded)).toEqual(values)
  })

  test('hides the message, the stack and the details of a failure, also of its causes', async () => {
    const cause = new Error('CANARY in the cause')
    const error = ApplicationFailure.create({ message: 'CANARY', type: 'OfferClosed', details: ['CANARY'], cause })
    const failure = await encodeErrorToFailure(converter, error)
    const stored = Buffer.from(Failure.encode(Failure.create(failure)).finish())
    expect(failure.message).toBe('Encoded failure')
    expect(stored.includes('CANARY')).toBe(false)
    expect(stored.includes('OfferClosed')).toBe(true)

    const decoded = await decodeOptionalFailureToOptionalError(converter, failure)
    expect(decoded).toMatchObject({ message: 'CANARY', type: 'OfferClosed', cause: { message: 'CANARY in the cause' } })
  })

  test('without keys leaves payloads in clear, failures folded away all the same', async () => {
    const plain = loadDataConverter(dataConverter({ codecKeys: undefined }))
    const [payload] = (await encodeToPayloads(plain, 'hello')) ?? []
    expect(Buffer.from(payload?.data ?? []).toString()).toBe('"hello"')
    expect((await encodeErrorToFailure(plain, new Error('x'))).message).toBe('Encoded failure')
  })
})
