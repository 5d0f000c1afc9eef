import { WebSocket } from 'ws'
import { openKesiSocket, type KesiSocket } from '../client/kesi-socket'
import type { Frame } from './frames'
import { nudge } from '../../db/nudge'
import { trimFeed } from '../../db/feed.repository'
import { inTransaction } from '../../db/unit-of-work'
import { closeDatabase, openDatabase, type Database, type Transaction } from '../../db/database'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Someone } from '../../test/harness/api'
import { createTestDatabase } from '../../test/harness/database'
import { eventually } from '../../test/harness/eventually'
import { listening, openSocket, settled, ticketOf, type Replica, type TestSocket } from '../../test/harness/socket'

let people: People
let other: Replica & { stop(): Promise<void> }
/** Connections of its own, so that many transactions can be open at once without the API waiting. */
let writers: Database
beforeAll(async () => {
  people = await startWithPeople({}, { sockets: {} })
  other = await people.api.replica()
  writers = openDatabase({ url: people.api.database.url, pool: 12, name: 'kesi-test-writers' })
})
afterAll(async () => {
  await closeDatabase(writers)
  await other.stop()
  await people.api.stop()
})

const db = () => people.api.database.db
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

const insert = (trx: Transaction, incident: string, rev: number) =>
  trx.raw(
    "insert into feed (id, type, incident_id, event, status, rev) values (feed_id(1), 'incident.updated', ?, 'incident.edited', 'assigned', ?)",
    [incident, rev],
  )

/** Writes one row about an incident, numbered by its `rev`, and commits after so many milliseconds. */
async function write(incident: string, rev: number, { holdMs = 0 } = {}): Promise<void> {
  await inTransaction(writers, async trx => {
    await insert(trx, incident, rev)
    if (holdMs > 0) await pause(holdMs)
  })
  nudge(db())
}
const newest = async (): Promise<number> => Number((await db()('feed').max<{ id: number }[]>('id as id'))[0]?.id)

/** Comes back to a channel with what it saw last. */
async function comeBack(
  path: string,
  by: Someone,
  after: number | string,
  to: Replica = people.api,
): Promise<TestSocket> {
  const ticket = await ticketOf(to, by)
  const socket = openSocket(to, `${path}?ticket=${ticket}&after=${after}`)
  await socket.heard('ready')
  return socket
}
const revs = (frames: readonly { type: string; data: unknown }[]): number[] =>
  frames.filter(each => each.type === 'incident.updated').map(each => (each.data as { rev: number }).rev)

/**
 * A closed incident of the survivor: nothing happens to it but what the test writes. Everything before is final, for what is held back
 * when somebody comes is told to them.
 */
async function quiet(): Promise<string> {
  const { id } = await people.report()
  await people.post(`/api/incidents/${id}/cancel/`, { reason: 'other' }, people.survivor)
  await settled(db())
  return id
}

describe('what was missed', () => {
  it('comes first and in order, then what happens', async () => {
    const incident = await quiet()
    const path = `/ws/cases/${incident}/`
    const first = await listening(people.api, path, people.survivor)
    await write(incident, 1)
    const { id } = await first.heard('incident.updated')
    first.close()
    for (const rev of [2, 3, 4]) await write(incident, rev)
    const again = await comeBack(path, people.survivor, Number(id))
    expect(again.frames[0]).toMatchObject({ type: 'ready', id })
    await write(incident, 5)
    await again.heard('incident.updated', each => each.data.rev === 5)
    expect(revs(again.frames)).toEqual([2, 3, 4, 5])
    expect(again.of('replay.gap')).toEqual([])
    again.close()
  })

  it('is nothing when nothing was missed, also since `ready` alone', async () => {
    const incident = await quiet()
    const socket = await listening(people.api, `/ws/cases/${incident}/`, people.survivor)
    const [ready] = socket.of('ready')
    socket.close()
    const again = await comeBack(`/ws/cases/${incident}/`, people.survivor, Number(ready?.id))
    await write(incident, 1)
    await again.heard('incident.updated')
    expect(again.frames.map(each => each.type)).toEqual(['ready', 'incident.updated'])
    again.close()
  })

  it('is judged by what the reader may know now', async () => {
    const provider = await people.onlyProvider({ capacity: 9 })
    const { id } = await people.report()
    const after = await newest()
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    await people.post(`/api/incidents/${id}/hand-back/`, { reason: 'unsafe' }, provider)
    const ticket = await ticketOf(people.api, provider)
    const socket = openSocket(people.api, `/ws/cases/${id}/?ticket=${ticket}&after=${after}`)
    expect(await socket.closing()).toBe(4403)
    expect(socket.frames).toEqual([])
  })

  it('leaves out what was written before the reader came', async () => {
    const provider = await people.onlyProvider({ capacity: 9 })
    const after = await newest()
    const { id } = await people.report()
    await people.post('/api/messages/', { incident: id, content: 'before' }, people.survivor)
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    await people.post('/api/messages/', { incident: id, content: 'after' }, people.survivor)
    const { body } = await people.get(`/api/messages/conversations/?incident=${id}`, people.survivor)
    const path = `/ws/messages/${body.results[0].id}/`
    for (const [by, expected] of [
      [provider, ['after']],
      [people.survivor, ['before', 'after']],
    ] as const) {
      const socket = await comeBack(path, by, after)
      await socket.heard('message.created', each => each.data.content === 'after')
      expect(socket.of('message.created').map(each => each.data.content)).toEqual(expected)
      socket.close()
    }
  })

  it('is whole on another replica, on every kind of channel', async () => {
    const after = await newest()
    const provider = await people.onlyProvider({ capacity: 9 })
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    await people.post('/api/messages/', { incident: id, content: 'missed' }, people.survivor)
    const { body } = await people.get(`/api/messages/conversations/?incident=${id}`, people.survivor)

    const mine = await comeBack('/ws/me/', provider, after, other)
    expect((await mine.heard('offer.closed')).data.state).toBe('accepted')
    await mine.heard('notice.changed', each => each.data.kind === 'message.received')
    const talk = await comeBack(`/ws/messages/${body.results[0].id}/`, provider, after, other)
    expect((await talk.heard('message.created')).data.content).toBe('missed')
    const board = await comeBack('/ws/dispatch/', people.dispatcher, after, other)
    await board.heard('incident.updated', each => each.data.event === 'offer.accepted')
    for (const socket of [mine, talk, board]) {
      expect(socket.of('replay.gap')).toEqual([])
      socket.close()
    }
  })
})

describe('events that end in another order than they began, on two replicas', () => {
  it('are lost by nobody and told nobody twice, also to those who come and go', async () => {
    const incident = await quiet()
    const path = `/ws/cases/${incident}/`
    const replicas: Replica[] = [people.api, other]
    const staying = await Promise.all(replicas.map(each => listening(each, path, people.survivor)))
    const flapping = await Promise.all([1, 2, 3].map(() => flap(path, replicas)))

    const EVENTS = 300
    const queue = Array.from({ length: EVENTS }, (_, index) => index + 1)
    const writer = async (): Promise<void> => {
      for (let rev = queue.shift(); rev !== undefined; rev = queue.shift()) {
        // Spread over the comings and goings, however slow the machine is.
        const comings = rev / 60
        await eventually(async () => flapping.every(each => each.comings() >= comings))
        await write(incident, rev, { holdMs: Math.random() < 0.3 ? Math.random() * 40 : 0 })
      }
    }
    try {
      await Promise.all(Array.from({ length: 10 }, writer))
      await write(incident, EVENTS + 1)
      const rows = await db()('feed').where({ incident_id: incident, event: 'incident.edited' }).orderBy('id')
      const expected = rows.map((row: { rev: number }) => row.rev)
      expect(expected).toHaveLength(EVENTS + 1)
      expect(expected).not.toEqual(expected.toSorted((one, two) => one - two))
      for (const { frames } of [...staying, ...flapping]) {
        await eventually(async () => revs(frames).includes(EVENTS + 1))
        expect(revs(frames)).toEqual(expected)
        expect(frames.some(each => each.type === 'replay.gap')).toBe(false)
      }
    } finally {
      for (const each of [...staying, ...flapping]) each.close()
    }
  })

  /** Somebody whose connection breaks again and again, and who comes back to one replica or the other. */
  async function flap(path: string, replicas: readonly Replica[]) {
    const frames: Frame[] = []
    let comings = 0
    class Fragile extends WebSocket {
      constructor(url: string) {
        super(url)
        const breaks = setTimeout(() => this.terminate(), 20 + Math.random() * 150)
        this.once('close', () => clearTimeout(breaks))
      }
    }
    const replica = () => replicas[comings % replicas.length] ?? people.api
    const socket: KesiSocket = openKesiSocket({
      baseUrl: () => replica().url.replace('http', 'ws'),
      path,
      ticket: () => ticketOf(replica(), people.survivor),
      onFrame(frame) {
        if (frame.type === 'ready') comings += 1
        frames.push(frame)
      },
      onOver: code => frames.push({ type: 'replay.gap', id: code, at: '', data: {} }),
      WebSocket: Fragile,
      firstWaitMs: 5,
    })
    await eventually(async () => comings > 0)
    return { frames, comings: () => comings, close: () => socket.close() }
  }
})

describe('a transaction that stays open', () => {
  it('holds back what came after it, and nothing is told before', async () => {
    const incident = await quiet()
    const path = `/ws/cases/${incident}/`
    const socket = await listening(people.api, path, people.survivor)
    await inTransaction(writers, async older => {
      await insert(older, incident, 1)
      await write(incident, 2)
      // Whoever comes now has the feed read to its end before they are ready.
      const later = await listening(people.api, path, people.survivor)
      later.close()
      expect(revs(socket.frames)).toEqual([])
    })
    await socket.heard('incident.updated', each => each.data.rev === 2)
    expect(revs(socket.frames)).toEqual([1, 2])
    socket.close()
  })
})

describe('a transaction in another database', () => {
  it('holds nobody back, however long it writes', async () => {
    const elsewhere = await createTestDatabase({ schema: 'empty' })
    const incident = await quiet()
    const path = `/ws/cases/${incident}/`
    const socket = await listening(people.api, path, people.survivor)
    await inTransaction(elsewhere.db, async foreign => {
      await foreign.raw('select pg_current_xact_id()')
      await write(incident, 1)
      const { id } = await socket.heard('incident.updated')
      // Coming back to a replica that has not seen as much is no gap, and nothing comes twice.
      const there = await comeBack(path, people.survivor, Number(id), other)
      await write(incident, 2)
      await there.heard('incident.updated')
      expect(there.frames.map(each => each.type)).toEqual(['ready', 'incident.updated'])
      expect(revs(there.frames)).toEqual([2])
      there.close()
    })
    socket.close()
    await elsewhere.drop()
  })
})

describe('a gap', () => {
  const gapped = async (after: number | string, path = '/ws/me/', by = people.survivor): Promise<void> => {
    const socket = await comeBack(path, by, after)
    const gap = await socket.heard('replay.gap')
    expect(socket.frames.map(each => each.type)).toEqual(['ready', 'replay.gap'])
    expect(gap.id).toBe(socket.frames[0]?.id)
    expect(gap.id).toBeGreaterThan(0)
    socket.close()
  }

  it('is said for an id of another time, of none, and of a database that counts otherwise', async () => {
    for (const after of [
      0,
      1,
      'abc',
      '-5',
      '99999999999999999999',
      Number.MAX_SAFE_INTEGER,
      (await newest()) + 2 ** 40,
    ])
      await gapped(after)
  })

  it('is followed by what happens from then on', async () => {
    const incident = await quiet()
    const ids = [0, 'abc', Number.MAX_SAFE_INTEGER]
    const sockets = await Promise.all(ids.map(after => comeBack(`/ws/cases/${incident}/`, people.survivor, after)))
    await write(incident, 1)
    for (const socket of sockets) {
      await socket.heard('incident.updated')
      expect(socket.frames.map(each => each.type)).toEqual(['ready', 'replay.gap', 'incident.updated'])
      socket.close()
    }
  })

  it('is said when too much lies in between', async () => {
    const after = await newest()
    await db().raw(
      "insert into feed (id, type, user_id) select feed_id(g), 'notice.changed', ? from generate_series(1, 4000) g",
      [people.admin.id],
    )
    const near = await comeBack('/ws/me/', people.survivor, after)
    expect(near.frames.map(each => each.type)).toEqual(['ready'])
    near.close()
    for (let run = 0; run < 5; run++)
      await db().raw(
        "insert into feed (id, type, user_id) select feed_id(g), 'notice.changed', ? from generate_series(1, 4000) g",
        [people.admin.id],
      )
    // What is held back is not looked through, but told as it becomes final.
    await settled(db())
    await gapped(after)
  })

  it('begins where rows were trimmed, and not one row later', async () => {
    const incident = await quiet()
    for (const rev of [1, 2, 3, 4]) await write(incident, rev)
    const rows = await db()('feed').where({ incident_id: incident, event: 'incident.edited' }).orderBy('id').pluck('id')
    await db()('feed')
      .where('id', '<=', rows[2])
      .update({ at: new Date(Date.now() - 3_700_000) })
    while ((await trimFeed(db(), 5_000)) > 0);
    expect(await db()('feed').min('id as id').first()).toEqual({ id: rows[2] })
    const path = `/ws/cases/${incident}/`
    await gapped(rows[1], path)
    const last = await comeBack(path, people.survivor, rows[2])
    await last.heard('incident.updated')
    expect(revs(last.frames)).toEqual([4])
    last.close()
  })

  it('leaves rows that are old but stand behind a younger one', async () => {
    const incident = await quiet()
    for (const rev of [1, 2, 3]) await write(incident, rev)
    const ids = await db()('feed').where({ incident_id: incident, event: 'incident.edited' }).orderBy('id').pluck('id')
    await db()('feed')
      .whereIn('id', ids.slice(1))
      .update({ at: new Date(Date.now() - 7_200_000) })
    await trimFeed(db(), 100_000)
    expect(await db()('feed').whereIn('id', ids)).toHaveLength(3)
  })

  it('is told to everybody who listens when the table was emptied by a crash, and it goes on', async () => {
    const incident = await quiet()
    const path = `/ws/cases/${incident}/`
    const sockets = [await listening(people.api, path, people.survivor), await listening(other, path, people.survivor)]
    const after = await newest()
    await db().raw('truncate feed')
    for (const socket of sockets) await socket.heard('replay.gap')
    await write(incident, 7)
    for (const socket of sockets) {
      await socket.heard('incident.updated')
      expect(socket.frames.map(each => each.type)).toEqual(['ready', 'replay.gap', 'incident.updated'])
      socket.close()
    }
    await gapped(after, path)
  })

  it('is told too when rows were lost and others have come since', async () => {
    const incident = await quiet()
    const socket = await listening(people.api, `/ws/cases/${incident}/`, people.survivor)
    await inTransaction(db(), async trx => {
      await trx.raw('truncate feed')
      await trx.raw("insert into feed (id, type, incident_id) values (feed_id(1), 'incident.updated', ?)", [incident])
    })
    await socket.heard('replay.gap')
    socket.close()
  })

  it('follows rows of a database that counted further: they are removed, and nobody waits for them', async () => {
    const incident = await quiet()
    const socket = await listening(people.api, `/ws/cases/${incident}/`, people.survivor)
    await db().raw('truncate feed')
    await db()('feed').insert({ id: String(2 ** 51), type: 'incident.updated', incident_id: incident, rev: 99 })
    await socket.heard('replay.gap')
    await write(incident, 8)
    await socket.heard('incident.updated')
    expect(revs(socket.frames)).toEqual([8])
    expect(await db()('feed').where({ id: String(2 ** 51) })).toEqual([])
    socket.close()
  })
})
