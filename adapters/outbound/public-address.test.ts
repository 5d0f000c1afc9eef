import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer, request, type Agent as HttpAgent } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { AddressInfo, LookupFunction } from 'node:net'
import { publicOnlyAgent, publicOnlyHttpAgent } from './public-address'

let asked = 0
const server = createServer((_req, res) => {
  asked++
  res.end('inside')
})
let port: number

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
beforeEach(() => void (asked = 0))
afterAll(() => new Promise(resolve => server.close(resolve)))

/** The status of the answer, or the code of what the request failed with. */
async function outcome(url: string, agent: HttpAgent): Promise<unknown> {
  const sent = url.startsWith('https:') ? secureRequest(url, { agent: agent }) : request(url, { agent })
  return new Promise(resolve => {
    sent.on('response', response => resolve(response.resume().statusCode))
    sent.on('error', error => resolve((error as NodeJS.ErrnoException).code))
    sent.end()
  })
}

const resolvingTo =
  (...addresses: string[]): LookupFunction =>
  (_host, options, done) => {
    const found: LookupAddress[] = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
    return options.all ? done(null, found) : done(null, found[0]!.address, found[0]!.family)
  }

test.each([
  '127.0.0.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
  '2130706433',
  '0x7f.1',
  'localhost',
  '169.254.169.254',
])('http and https to %s are refused without a connection', async host => {
  expect(await outcome(`http://${host}:${port}/`, publicOnlyHttpAgent())).toBe('ADDRESS_REFUSED')
  expect(await outcome(`https://${host}:${port}/`, publicOnlyAgent())).toBe('ADDRESS_REFUSED')
  expect(asked).toBe(0)
})

test.each([
  ['one private address', ['127.0.0.1']],
  ['a private one after a public one', ['8.8.8.8', '127.0.0.1']],
  ['a mapped one', ['::ffff:127.0.0.1']],
  ['nothing', []],
])('a name that resolves to %s is refused', async (_what, addresses) => {
  const lookup = resolvingTo(...addresses)
  expect(await outcome(`http://hook.example/`, publicOnlyHttpAgent({ lookup }))).toBe('ADDRESS_REFUSED')
  expect(await outcome(`https://hook.example/`, publicOnlyAgent({ lookup }))).toBe('ADDRESS_REFUSED')
})

test('a name is resolved once for a connection, so that what was judged is what is connected to', async () => {
  const answers = [['127.0.0.1'], ['8.8.8.8']]
  const lookup: LookupFunction = (host, options, done) => resolvingTo(...answers.shift()!)(host, options, done)
  const agent = publicOnlyHttpAgent({ lookup })
  expect(await outcome(`http://rebinding.example:${port}/`, agent)).toBe('ADDRESS_REFUSED')
  expect(answers).toHaveLength(1)
})

test('a socket in the file system is refused', async () => {
  const sent = request({ socketPath: '/var/run/docker.sock', path: '/', agent: publicOnlyHttpAgent() })
  sent.end()
  expect(await once(sent, 'error')).toMatchObject([{ code: 'ADDRESS_REFUSED' }])
})

test('where private addresses are allowed it connects', async () => {
  expect(await outcome(`http://127.0.0.1:${port}/`, publicOnlyHttpAgent({ allowPrivate: true }))).toBe(200)
  expect(asked).toBe(1)
})

test('what a resolver fails with is passed on', async () => {
  const lookup: LookupFunction = (_host, _options, done) =>
    done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), [])
  expect(await outcome('http://gone.example/', publicOnlyHttpAgent({ lookup }))).toBe('ENOTFOUND')
})
