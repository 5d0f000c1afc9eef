import { EventEmitter } from 'node:events'
import { createLogger } from './logger'
import { guardProcess } from './process'

function guarded(limitMs?: number) {
  const lines: string[] = []
  const closed: string[] = []
  const target = new EventEmitter() as EventEmitter & { exit(code: number): void }
  const exited = new Promise<number>(resolve => (target.exit = resolve))
  const logger = createLogger({ level: 'info', name: 'test', stream: { write: line => lines.push(line) } })
  const guard = guardProcess({ logger, target, ...(limitMs !== undefined && { limitMs }) })
  const close = (part: string) => async () => void closed.push(part)
  return { guard, target, exited, closed, close, log: () => lines.join('') }
}

test.each(['SIGTERM', 'SIGINT'])('%s closes in reverse order, one after the other, and exits with 0', async signal => {
  const { guard, target, exited, closed, close } = guarded()
  guard.onShutdown('database', close('database'))
  guard.onShutdown('server', async () => {
    await new Promise(resolve => setImmediate(resolve))
    closed.push('server')
  })
  target.emit(signal)
  expect(await exited).toBe(0)
  expect(closed).toEqual(['server', 'database'])
})

test('a second signal neither closes twice nor cuts the first', async () => {
  const { guard, target, exited, closed, close } = guarded()
  guard.onShutdown('server', close('server'))
  target.emit('SIGINT')
  target.emit('SIGTERM')
  expect(await exited).toBe(0)
  expect(closed).toEqual(['server'])
})

test('what fails to close does not keep the rest open, and shows in the exit code', async () => {
  const { guard, exited, closed, close, log } = guarded()
  guard.onShutdown('database', close('database'))
  guard.onShutdown('server', () => Promise.reject(new Error('stuck')))
  await guard.shutdown(0)
  expect(await exited).toBe(1)
  expect(closed).toEqual(['database'])
  expect(log()).toContain('"part":"server"')
})

test('the limit ends what hangs, and names it', async () => {
  const { guard, target, exited, log } = guarded(20)
  guard.onShutdown('worker', () => new Promise(() => undefined))
  target.emit('SIGTERM')
  expect(await exited).toBe(1)
  expect(log()).toContain('"open":["worker"]')
})

test.each(['unhandledRejection', 'uncaughtException'])('%s is logged and ends the process', async event => {
  const { guard, target, exited, closed, close, log } = guarded()
  guard.onShutdown('server', close('server'))
  target.emit(event, Object.assign(new Error('x'), { code: '23505', detail: 'CANARY' }))
  expect(await exited).toBe(1)
  expect(closed).toEqual([])
  expect(log()).toContain('"code":"23505"')
  expect(log()).not.toContain('CANARY')
})
