import { randomUUID } from 'node:crypto'
import { closeDatabase, openDatabase, type Database } from '../../db/database'
import { closedLoop, openLoop, type Load } from '../load'

/** What a careful hand-written service would do at the least: plain tables, plain transactions, the product's own kind of pool. */
export interface BareDatabase {
  /** Two rows, an incident and its event, in one transaction. */
  insertPairs(size: { count: number; atOnce: number }): Promise<Load>
  /** One `select for update` and three writes in one transaction, on the pairs inserted before. */
  moveOffers(size: { count: number; atOnce: number }): Promise<Load>
  /** The newest twenty incidents of the product's own table, by its index, so many times a second. */
  readNewest(rate: { perSecond: number; seconds: number }): Promise<Load>
  close(): Promise<void>
}

const WORDS = 'x'.repeat(400)

/** Makes the bare tables beside the product's and answers what runs on them. The pool is as large as the product's. */
export async function openBareDatabase({ url, pool }: { url: string; pool: number }): Promise<BareDatabase> {
  const db = openDatabase({ url, pool, name: 'kesi-bench-floor' })
  await db.raw(`
    create schema if not exists bare;
    create table if not exists bare.incidents (
      id uuid primary key, status text not null, rev integer not null, words text not null,
      at timestamptz not null default clock_timestamp());
    create table if not exists bare.events (
      id uuid primary key, incident_id uuid not null, seq integer not null, data jsonb not null,
      at timestamptz not null default clock_timestamp(), unique (incident_id, seq));
    create table if not exists bare.offers (incident_id uuid primary key, provider_id uuid not null, state text not null);
    truncate bare.incidents, bare.events, bare.offers;
  `)
  return {
    insertPairs: size => closedLoop(size, () => insertPair(db)),
    moveOffers: async size => {
      const offered = await insertOffers(db, size.count)
      return closedLoop(size, index => moveOffer(db, offered[index] ?? ''))
    },
    readNewest: rate =>
      openLoop(rate, () =>
        db.raw('select id, code, status from incidents where deleted_at is null order by created_at desc, id limit 20'),
      ),
    close: () => closeDatabase(db),
  }
}

async function insertPair(db: Database): Promise<void> {
  const id = randomUUID()
  await db.transaction(async trx => {
    await trx('bare.incidents').insert({ id, status: 'offering', rev: 1, words: WORDS })
    await trx('bare.events').insert({ id: randomUUID(), incident_id: id, seq: 1, data: '{"urgency":"urgent"}' })
  })
}

async function insertOffers(db: Database, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID())
  await db('bare.incidents').insert(ids.map(id => ({ id, status: 'offering', rev: 1, words: WORDS })))
  await db('bare.offers').insert(ids.map(id => ({ incident_id: id, provider_id: randomUUID(), state: 'open' })))
  return ids
}

async function moveOffer(db: Database, id: string): Promise<void> {
  await db.transaction(async trx => {
    await trx('bare.incidents').where({ id }).forUpdate().first()
    await trx('bare.offers').where({ incident_id: id }).update({ state: 'accepted' })
    await trx('bare.incidents').where({ id }).update({ status: 'assigned', rev: 2 })
    await trx('bare.events').insert({ id: randomUUID(), incident_id: id, seq: 2, data: '{"answer":"yes"}' })
  })
}
