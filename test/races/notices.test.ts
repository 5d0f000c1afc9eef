import { setTimeout as after } from 'node:timers/promises'
import { stepNotice, type NoticeDeps } from '../../activities/notice-step'
import { acceptOffer } from '../../acts/accept-offer'
import { recordReceipts } from '../../acts/notices/record-receipts'
import { reportIncident } from '../../acts/report-incident'
import type { Database } from '../../db/database'
import { PATIENCE_MS } from '../../domain/notice-plan'
import { actDeps, addPolicy, addProvider, addUser, by } from '../builders/record'
import { giveAddresses } from '../builders/recipients'
import { RecordingChannels, takes } from '../fakes/recording-channels'
import { createTestDatabase, type TestDatabase } from '../harness/database'
import { expectInvariants } from '../harness/invariants'
import { seeded } from '../harness/random'

const ROUNDS = 200
/** As long as the accept and the step take: so that each comes first about as often. */
const PLAY_MS = 12

let test_: TestDatabase
let deps: ReturnType<typeof actDeps>
let survivor: string
beforeAll(async () => {
  test_ = await createTestDatabase({ pool: 20 })
  deps = actDeps(test_.db, { configuredChannels: new Set(['push', 'sms']) })
  survivor = await addUser(test_.db, 'survivor')
  await addPolicy(test_.db)
  await keepOrderUnderLock(test_.db)
})
afterAll(() => test_.drop())

test(`a push that never arrives and an accept at any moment, ${ROUNDS} rounds: after the accept nothing leaves (G3, I4)`, async () => {
  const random = seeded(3)
  const play = (): Promise<void> => after(random() * PLAY_MS)
  let leftBefore = 0
  for (let round = 0; round < ROUNDS; round++) {
    const provider = await addProvider(deps.db)
    await giveAddresses(deps, provider)
    const { incidentId } = await reportIncident(deps, { case_type: 'gbv', urgency: 'urgent' }, by('survivor', survivor))
    const { id: noticeId } = await deps.db('notices').where({ incident_id: incidentId, code: 'offer.made' }).first('id')
    // The accept makes a notice of its own; only the offer's is sent here.
    const channels = new RecordingChannels(new Set(['push', 'sms']))
    channels.answer = async left => {
      await play()
      return takes(left)
    }
    const sending: NoticeDeps = { ...deps, channels, publicUrl: 'http://kesi.test' }
    const look = (at: number) => stepNotice(sending, { noticeId, at })
    await look(Date.now())
    expect(channels.of(noticeId)).toEqual(['push'])

    const patienceOver = Date.now() + PATIENCE_MS.push
    const accept = async (): Promise<void> => {
      await play()
      await acceptOffer(deps, { incidentId }, by('provider', provider))
    }
    const bad = { vendor: 'fake-push', vendor_id: noticeId, state: 'failed' } as const
    await Promise.all([
      accept(),
      play().then(() => look(patienceOver)),
      // The workflow and a relay at once, and now and then a bad receipt.
      play().then(() => look(patienceOver)),
      ...(random() < 0.3 ? [play().then(() => recordReceipts(deps, [bad]))] : []),
    ])
    const sms = channels.left.filter(({ channel }) => channel === 'sms')
    expect(sms.length).toBeLessThanOrEqual(1)
    expect(await orderUnderLock(test_.db, noticeId)).not.toContain('withdrawn, sms begun')
    leftBefore += sms.length
    expect((await look(patienceOver + 3_600_000)).next_look_ms).toBeNull()
    expect(channels.left).toHaveLength(1 + sms.length)
    await deps.db('provider_profiles').where({ user_id: provider }).update({ availability: 'off_duty' })
  }
  // Both must have happened, or nothing was tried.
  expect(leftBefore).toBeGreaterThan(ROUNDS / 10)
  expect(leftBefore).toBeLessThan((ROUNDS * 9) / 10)
  await expectInvariants(deps.db)
}, 180_000)

/**
 * Has PostgreSQL note, under the notice's lock, when it was withdrawn and when a sending of it began. By this process's clock the answer
 * to the accept and the vendor's call, which follow at once, come in any order.
 */
async function keepOrderUnderLock(db: Database): Promise<void> {
  await db.raw(`
    create table order_under_lock (place bigint generated always as identity, notice_id uuid, what text);
    create function note_order() returns trigger language plpgsql as $$ begin
      insert into order_under_lock (notice_id, what)
        values (case tg_table_name when 'notices' then new.id else (to_jsonb(new)->>'notice_id')::uuid end,
          case tg_table_name when 'notices' then 'withdrawn' else (to_jsonb(new)->>'channel') || ' begun' end);
      return new;
    end $$;
    create trigger note_withdrawal before update of withdrawn_at on notices for each row
      when (old.withdrawn_at is null and new.withdrawn_at is not null) execute function note_order();
    create trigger note_beginning before insert on notice_attempts for each row
      when (new.state = 'queued') execute function note_order();
  `)
}

async function orderUnderLock(db: Database, noticeId: string): Promise<string> {
  return (await db('order_under_lock').where({ notice_id: noticeId }).orderBy('place').pluck('what')).join(', ')
}
