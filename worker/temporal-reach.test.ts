import { createLogger } from '../platform/logger'
import { TemporalReach } from './temporal-reach'

let now: number
let isUp: boolean
let asked: number
let store: string
let reach: TemporalReach

beforeEach(() => {
  now = 1_000_000
  isUp = true
  asked = 0
  store = 'first'
  const ask = async (): Promise<string> => {
    asked += 1
    if (!isUp) throw new Error('away')
    return store
  }
  reach = new TemporalReach(ask, createLogger({ level: 'silent', name: 'test' }), () => now)
})

const call = (): Promise<string> =>
  reach.through(() => (isUp ? Promise.resolve('taken') : Promise.reject(new Error('away'))))

test('silence counts from the first call that failed, and ends with the first answer', async () => {
  expect([reach.isSilent, reach.outForMs]).toEqual([false, 0])
  isUp = false
  await expect(call()).rejects.toThrow('away')
  now += 500
  await reach.check()
  now += 30_000
  expect([reach.isSilent, reach.outForMs]).toEqual([true, 30_500])
  await reach.check()
  expect(reach.outForMs).toBe(30_500)
  isUp = true
  await reach.check()
  expect([reach.isSilent, reach.outForMs, reach.returns]).toEqual([false, 0, 1])
})

test('a server that answers but takes nothing is out of reach too', async () => {
  await expect(reach.through(() => Promise.reject(new Error('refused')))).rejects.toThrow()
  await reach.check()
  now += 31_000
  expect([reach.isSilent, reach.outForMs]).toEqual([false, 31_000])
  await call()
  expect(reach.outForMs).toBe(0)
})

test('while calls succeed it is asked now and then only', async () => {
  await reach.check()
  for (let seconds = 0; seconds < 20; seconds++) {
    now += 1_000
    await call()
    await reach.check()
  }
  expect(asked).toBe(3)
})

test('another store under the same address counts as a return', async () => {
  await reach.check()
  store = 'second'
  now += 10_000
  await reach.check()
  await reach.check()
  expect([reach.returns, reach.isSilent]).toEqual([1, false])
})
