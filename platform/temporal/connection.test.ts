import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { ServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client'
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common'
import {
  connectTemporal,
  isTemporalUnreachable,
  isWorkflowMissing,
  TemporalTimeout,
  type TemporalLink,
} from './connection'

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a server that', () => {
  const sockets: Socket[] = []
  const silent = createServer(socket => void sockets.push(socket.on('error', () => socket.destroy())))
  const links: TemporalLink[] = []

  function link(temporalAddress: string): TemporalLink {
    const made = connectTemporal({ temporalAddress, temporalNamespace: 'kesi', codecKeys: undefined })
    links.push(made)
    return made
  }

  async function failureOf(act: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
    const from = performance.now()
    const error: unknown = await act.then(() => undefined).catch((thrown: unknown) => thrown)
    return { error, ms: performance.now() - from }
  }

  afterAll(async () => {
    await Promise.all(links.map(made => made.close()))
    sockets.forEach(socket => socket.destroy())
    silent.close()
  })

  test('is not there is unreachable in time', async () => {
    const probe = createServer()
    const address = await listen(probe)
    probe.close()
    const { error, ms } = await failureOf(
      link(address).withDeadline(client => client.workflow.getHandle('incident:1').signal('told'), 300),
    )
    expect(isTemporalUnreachable(error)).toBe(true)
    expect(isWorkflowMissing(error)).toBe(false)
    expect(ms).toBeLessThan(1_500)
  })

  test('accepts and never answers is unreachable in time', async () => {
    const address = await listen(silent)
    const { error, ms } = await failureOf(
      link(address).withDeadline(client => client.workflow.getHandle('incident:1').describe(), 300),
    )
    expect(isTemporalUnreachable(error)).toBe(true)
    expect(ms).toBeLessThan(1_500)
  })

  test('does not heed the deadline is left behind', async () => {
    const { error } = await failureOf(link('127.0.0.1:1').withDeadline(() => new Promise(() => undefined), 50))
    expect(error).toBeInstanceOf(TemporalTimeout)
  })

  test('answers gives its answer, or its own error', async () => {
    expect(await link('127.0.0.1:1').withDeadline(async () => 'told')).toBe('told')
    const { error } = await failureOf(link('127.0.0.1:1').withDeadline(() => Promise.reject(new Error('refused'))))
    expect(error).toMatchObject({ message: 'refused' })
  })
})

const grpc = (code: number) => Object.assign(new Error('gRPC'), { code })
const wrapped = (code: number) => new ServiceError('Failed to signal', { cause: grpc(code) })

test.each([
  ['a timeout', new TemporalTimeout(2000), true, false],
  ['an update without an answer', new WorkflowUpdateRPCTimeoutOrCancelledError('late'), true, false],
  ['UNAVAILABLE', wrapped(14), true, false],
  ['UNAVAILABLE, as gRPC throws it', grpc(14), true, false],
  ['DEADLINE_EXCEEDED', wrapped(4), true, false],
  ['RESOURCE_EXHAUSTED', wrapped(8), true, false],
  ['INVALID_ARGUMENT', wrapped(3), false, false],
  ['NOT_FOUND', wrapped(5), false, true],
  ['a missing workflow', new WorkflowNotFoundError('workflow not found', 'incident:1', undefined), false, true],
  ['a missing namespace', new NamespaceNotFoundError('kesi'), false, false],
  ['a database error', Object.assign(new Error('duplicate'), { code: '23505' }), false, false],
  ['no error', undefined, false, false],
])('%s', (_, error, unreachable, missing) => {
  expect(isTemporalUnreachable(error)).toBe(unreachable)
  expect(isWorkflowMissing(error)).toBe(missing)
})
