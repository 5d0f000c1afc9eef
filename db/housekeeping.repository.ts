import type { Database } from './database'

/** A quarter: whoever finds at its end that events are missing still sees what became of each, and can have it sent again. */
const DELIVERY_DAYS = 90
/** A year, and the weeks in which it is compared with the year before. */
const KEY_USAGE_DAYS = 400
/** What vendors said stands in the attempts. Their own words are of use until the month's bill is checked. */
const RECEIPT_DAYS = 30

// statement_timestamp(), because it is the same for every row: only then does an index find the end of what is old. Deliveries and
// usage are looked up owner by owner, for so their indexes begin.
const OLD = {
  webhook_deliveries: `
    delete from webhook_deliveries where id in (
      select old.id from webhooks w cross join lateral (
        select d.id from webhook_deliveries d
        where d.webhook_id = w.id and d.created_at < statement_timestamp() - interval '${DELIVERY_DAYS} days'
          and d.state <> 'queued'
        order by d.created_at limit :batch for update skip locked) old
      limit :batch)`,
  api_key_usage: `
    delete from api_key_usage where (key_id, day, route) in (
      select old.key_id, old.day, old.route from api_keys k cross join lateral (
        select u.key_id, u.day, u.route from api_key_usage u
        where u.key_id = k.id and u.day < (statement_timestamp() at time zone 'utc')::date - ${KEY_USAGE_DAYS}
        order by u.day limit :batch for update skip locked) old
      limit :batch)`,
  notice_receipts: `
    delete from notice_receipts where (vendor, vendor_id, state) in (
      select vendor, vendor_id, state from notice_receipts
      where received_at < statement_timestamp() - interval '${RECEIPT_DAYS} days'
      order by received_at limit :batch for update skip locked)`,
  ws_tickets: `
    delete from ws_tickets where digest in (
      select digest from ws_tickets where expires_at <= statement_timestamp()
      order by expires_at limit :batch for update skip locked)`,
} as const

export type EphemeralTable = keyof typeof OLD

/** The tables whose rows nobody asks for after a time. */
export const EPHEMERAL_TABLES = Object.keys(OLD) as EphemeralTable[]

/** Removes at most `batch` such rows and answers how many; several processes at once never wait for each other. */
export async function deleteOld(db: Database, table: EphemeralTable, batch: number): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number }>(OLD[table], { batch })
  return rowCount
}
