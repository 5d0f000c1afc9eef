import type { Receipt } from '../domain/notices'
import type { Transaction } from './database'
import { LADDER_CODES, lockHandOvers, rankOf, stopQueued } from './notices.repository'
import { runPrepared, type Prepared } from './prepared'

const INSERT: Prepared = {
  name: 'insert-receipts',
  text: `insert into notice_receipts (vendor, vendor_id, state, code)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) on conflict do nothing`,
}

const APPLY: Prepared = {
  name: 'apply-receipts',
  text: `with told as (
      select distinct on (h.attempt_id) h.attempt_id, r.state, r.code, r.received_at
      from unnest($1::text[], $2::text[]) as k (vendor, vendor_id)
      join notice_hand_overs h using (vendor, vendor_id) join notice_receipts r using (vendor, vendor_id)
      order by h.attempt_id, ${rankOf('r.state')} desc),
    applied as (
      update notice_attempts a set state = t.state, told_at = t.received_at, failure = case when t.state = 'failed' then t.code end
      from told t where a.id = t.attempt_id and ${rankOf('a.state')} < ${rankOf('t.state')}
      returning a.id, a.notice_id, a.state),
    news as (select notice_id, bool_or(state <> 'failed') as has_arrived, bool_or(state = 'failed') as has_failed
      from applied group by notice_id),
    arrived as (select n.id from news join notices n on n.id = news.notice_id where news.has_arrived and n.code = any($3::text[])),
    stopped as (${stopQueued('arrived')} and a.id not in (select id from applied))
    update notices n set send_after = case when news.has_arrived and n.code = any($3::text[]) then null else clock_timestamp() end
    from news where n.id = news.notice_id and n.send_after is not null and (news.has_failed or n.code = any($3::text[]))
    returning n.send_after is not null as is_due`,
}

/**
 * Writes receipts down and lets each say what became of its message: any number of times, in any order, also before the hand-over is
 * noted, which then asks for it. A ladder is settled by what has arrived, and due at once by what has failed: answers whether one is.
 */
export async function insertReceipts(trx: Transaction, receipts: readonly Receipt[]): Promise<boolean> {
  const [vendors, vendorIds] = [receipts.map(({ vendor }) => vendor), receipts.map(({ vendor_id }) => vendor_id)]
  await lockHandOvers(
    trx,
    receipts.map(({ vendor, vendor_id }) => ({ vendor, vendorId: vendor_id })),
  )
  const [states, codes] = [receipts.map(({ state }) => state), receipts.map(({ code }) => code ?? null)]
  await runPrepared(trx, INSERT, [vendors, vendorIds, states, codes])
  const woken = await runPrepared<{ is_due: boolean }>(trx, APPLY, [vendors, vendorIds, LADDER_CODES])
  return woken.some(({ is_due }) => is_due)
}
