import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SignInDeps } from '../../acts/accounts/deps'
import { Refusal } from '../../domain/refusals'
import { createLogger } from '../../platform/logger'
import { eventually } from '../../test/harness/eventually'
import { openSocket, type TestSocket } from '../../test/harness/socket'
import type { Bounds } from './bounds'
import { createGateway, type Gateway, type Protocol } from './gateway'
import type { Visit } from './live-socket'

const VISIT: Visit = {
  name: 'test',
  open: async () => undefined,
  receive: async () => undefined,
  left: () => undefined,
}

let server: Server
let gateway: Gateway
let log: Record<string, unknown>[]
afterEach(async () => {
  await gateway.close()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

/** A gateway of one protocol; answers how its sockets are opened. */
async function gatewayOf(visit: Protocol['visit'], bounds: Partial<Bounds> = {}): Promise<() => TestSocket> {
  log = []
  const write = (line: string): void => void log.push(JSON.parse(line) as Record<string, unknown>)
  const logger = createLogger({ level: 'info', name: 'test', stream: { write } })
  // Nobody signs in here, so nothing is asked of the accounts.
  const accounts = {} as SignInDeps
  gateway = createGateway({ accounts, logger, publicUrl: 'http://kesi.test', protocols: [{ visit }], bounds })
  server = createServer().on('upgrade', (request, connection, head) =>
    gateway.upgrade(request, connection, head, { ip: '127.0.0.1', host: 'kesi.test' }),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return () => openSocket({ url }, '/anywhere/')
}
const never = () => new Promise<never>(() => undefined)
const refused = (socket: TestSocket): Promise<number> => eventually(async () => socket.refusedWith)

describe('a request that is asked about before it becomes a socket', () => {
  it('becomes one when the answer is there', async () => {
    const open = await gatewayOf(async () => VISIT)
    const socket = open()
    await eventually(async () => socket.ws.readyState === socket.ws.OPEN || undefined)
    socket.close()
    await socket.closing()
  })

  it('is refused as the answer says, and when there is none, in time', async () => {
    const open = await gatewayOf(() => Promise.reject(new Refusal('CONVERSATION_NOT_FOUND')))
    expect(await refused(open())).toBe(404)
    await gateway.close()
    server.close()
    expect(await refused((await gatewayOf(never, { signInMs: 50 }))())).toBe(503)
  })

  it('that fails is refused and logged', async () => {
    const open = await gatewayOf(() => Promise.reject(new Error('broken')))
    expect(await refused(open())).toBe(500)
    expect(log.map(line => line['msg'])).toContain('a request for a socket failed')
  })

  it.each([
    ['of one address', { strangersOfOneAddress: 2 }, 429],
    ['in all', { sockets: 2 }, 503],
  ] as const)('counts among those %s while it waits', async (_, bounds, status) => {
    let asked = 0
    let answer: () => void = () => undefined
    const wait = new Promise<Visit>(resolve => (answer = () => resolve(VISIT)))
    const open = await gatewayOf(() => {
      asked += 1
      return wait
    }, bounds)
    const [first, second] = [open(), open()]
    await eventually(async () => asked === 2 || undefined)
    expect(await refused(open())).toBe(status)
    answer()
    for (const socket of [first, second]) {
      await eventually(async () => socket.ws.readyState === socket.ws.OPEN || undefined)
      socket.close()
      await socket.closing()
    }
    const again = open()
    await eventually(async () => again.ws.readyState === again.ws.OPEN || undefined)
    again.close()
    await again.closing()
  })

  it('is refused when everything is closed meanwhile', async () => {
    let answer: () => void = () => undefined
    let isAsked = false
    const wait = new Promise<Visit>(resolve => (answer = () => resolve(VISIT)))
    const open = await gatewayOf(() => {
      isAsked = true
      return wait
    })
    const socket = open()
    await eventually(async () => isAsked || undefined)
    const closed = gateway.close()
    answer()
    expect(await refused(socket)).toBe(503)
    await closed
  })
})
