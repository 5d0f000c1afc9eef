import type { Database } from './database'

/** For how long those who were taken for asking are nobody else's; after that they are asked for again, if nothing was known. */
const AGAIN = "interval '15 minutes'"
/** Expo keeps a receipt for a day. */
const KEPT = "interval '1 day'"

/** Takes hand-overs to Expo whose receipt is due, longest due first; two workers at once take different ones. */
export async function leaseReceiptsToAsk(db: Database, limit: number): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { vendor_id: string }[] }>(
    `update notice_hand_overs
     set ask_at = case when at < clock_timestamp() - ${KEPT} then null else clock_timestamp() + ${AGAIN} end
     where vendor = 'expo' and vendor_id in (select vendor_id from notice_hand_overs
       where vendor = 'expo' and ask_at <= statement_timestamp() order by ask_at limit ? for update skip locked)
     returning vendor_id`,
    [limit],
  )
  return rows.map(row => row.vendor_id)
}

/** What became of these is known: they are not asked for again. */
export async function endReceiptsToAsk(db: Database, vendorIds: readonly string[]): Promise<void> {
  if (vendorIds.length === 0) return
  await db.raw(`update notice_hand_overs set ask_at = null where vendor = 'expo' and vendor_id = any(?)`, [
    [...vendorIds],
  ])
}
