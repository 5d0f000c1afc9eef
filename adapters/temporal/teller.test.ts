import type { Snapshot } from '../../domain/snapshot'
import { createLogger } from '../../platform/logger'
import { eventually } from '../../test/harness/eventually'
import { Teller } from './teller'
import type { Tiding } from './workflow-teller'

const logger = createLogger({ level: 'silent', name: 'test' })
const tiding = (id: string, rev: number, urgency: 'urgent' | 'routine' = 'urgent'): Tiding => ({
  snapshot: { id, rev, urgency } as Snapshot,
  signal: 'statusChanged',
})

/** A Temporal whose calls wait until they are let through. */
function gated() {
  const calls: { name: string; end: (error?: Error) => void }[] = []
  const send = ({ snapshot: { id, rev } }: Tiding) =>
    new Promise<void>((resolve, reject) => {
      calls.push({ name: `${id}@${rev}`, end: error => (error ? reject(error) : resolve()) })
    })
  return { calls, send, names: () => calls.map(call => call.name) }
}

async function heardBy(marks: unknown[][], count: number): Promise<unknown[]> {
  await eventually(async () => marks.flat().length >= count)
  return marks.flat()
}

test('it holds one entry an incident, the newest, and never two calls for one incident at a time', async () => {
  const { calls, send, names } = gated()
  const marks: unknown[][] = []
  const teller = new Teller({
    send,
    markHeard: async heard => void marks.push([...heard]),
    relayAfterMs: Infinity,
    logger,
  })
  const began = performance.now()
  for (const rev of [1, 2, 4, 3]) teller.tell(tiding('a', rev))
  expect(names()).toEqual([])
  await eventually(async () => calls.length === 1)
  // What comes in quick succession is told by its newest alone, yet soon.
  expect(names()).toEqual(['a@4'])
  expect(performance.now() - began).toBeGreaterThan(300)
  teller.tell(tiding('a', 5))
  await new Promise(resolve => setTimeout(resolve, 600))
  expect(names()).toEqual(['a@4'])
  calls[0]?.end()
  await eventually(async () => calls.length === 2)
  expect(names()).toEqual(['a@4', 'a@5'])
  calls[1]?.end()
  await eventually(async () => marks.flat().some(mark => (mark as { rev: number }).rev === 5))
  await teller.close()
})

test('urgent incidents go first, few at once', async () => {
  const { calls, send, names } = gated()
  const teller = new Teller({ send, markHeard: async () => undefined, relayAfterMs: Infinity, logger })
  for (let n = 0; n < 10; n++) teller.tell(tiding(`r${n}`, 1, 'routine'))
  teller.tell(tiding('u', 1))
  await eventually(async () => calls.length === 2)
  calls[0]?.end()
  await eventually(async () => calls.length === 3)
  expect(names().indexOf('u@1')).toBeGreaterThanOrEqual(0)
  for (const [index, call] of calls.entries()) {
    call.end()
    if (index < 10) await eventually(async () => calls.length > index + 1)
  }
  expect(new Set(names()).size).toBe(11)
  await teller.close()
})

test('what was heard is marked in batches', async () => {
  const marks: unknown[][] = []
  const teller = new Teller({
    send: async () => undefined,
    markHeard: async heard => void marks.push([...heard]),
    relayAfterMs: Infinity,
    logger,
  })
  for (let n = 0; n < 20; n++) teller.tell(tiding(`i${n}`, 1))
  expect(await heardBy(marks, 20)).toHaveLength(20)
  expect(marks.length).toBeLessThan(5)
  await teller.close()
})

test('at the first failed call it drops everything and keeps silent; nothing of it is marked', async () => {
  const { calls, send, names } = gated()
  const marks: unknown[][] = []
  const teller = new Teller({
    send,
    markHeard: async heard => void marks.push([...heard]),
    relayAfterMs: Infinity,
    logger,
  })
  for (let n = 0; n < 12; n++) teller.tell(tiding(`i${n}`, 1))
  await eventually(async () => calls.length === 2)
  calls[0]?.end(new Error('away'))
  await new Promise(resolve => setImmediate(resolve))
  teller.tell(tiding('later', 1))
  calls.slice(1).forEach(call => call.end())
  await teller.close()
  expect(names()).toHaveLength(2)
  expect(marks.flat()).toHaveLength(1)
})

test('a mark that fails does not stop it', async () => {
  const marks: unknown[][] = []
  let fails = true
  const teller = new Teller({
    send: async () => undefined,
    markHeard: async heard => {
      if (fails) throw new Error('away')
      marks.push([...heard])
    },
    relayAfterMs: Infinity,
    logger,
  })
  teller.tell(tiding('a', 1))
  await new Promise(resolve => setTimeout(resolve, 30))
  fails = false
  await eventually(async () => {
    teller.tell(tiding('b', 1))
    return marks.length > 0
  })
  await teller.close()
})

test('what has waited for so long that the relay has it is not sent here as well', async () => {
  const { calls, send, names } = gated()
  const teller = new Teller({ send, markHeard: async () => undefined, relayAfterMs: 450, logger })
  for (const id of ['a', 'b', 'late']) teller.tell(tiding(id, 1))
  const told = performance.now()
  await eventually(async () => performance.now() - told > 500)
  teller.tell(tiding('fresh', 1))
  calls[0]?.end()
  await eventually(async () => calls.length === 3)
  calls.forEach(call => call.end())
  await teller.close()
  expect(names()).toEqual(['a@1', 'b@1', 'fresh@1'])
})
