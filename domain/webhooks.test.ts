import { nextAttemptIn, payloadOf, WEBHOOK_BACK_OFF_SECONDS, type WebhookEvent } from './webhooks'

test('nine attempts within two days, each later than the one before; then no more', () => {
  const waits = Array.from({ length: 8 }, (_, index) => nextAttemptIn(index + 1) ?? Infinity)
  expect(waits).toEqual([5, 30, 120, 600, 3_600, 10_800, 43_200, 86_400])
  expect(WEBHOOK_BACK_OFF_SECONDS.reduce((sum, each) => sum + each)).toBeLessThan(2 * 86_400)
  expect(nextAttemptIn(9)).toBeNull()
})

test('a payload holds what it is meant to hold and nothing else that stands in the row', () => {
  const event: WebhookEvent & { title: string } = {
    id: 'e',
    type: 'incident.assigned',
    at: new Date('2026-11-21T10:00:00Z'),
    incident_id: 'i',
    code: 'K-7Q4M2',
    case_type: 'gbv',
    urgency: 'urgent',
    rev: 4,
    from_status: 'offering',
    to_status: 'assigned',
    actor_role: 'dispatcher',
    data: { reason: 'nearest' },
    title: 'Amina at the market',
  }
  expect(payloadOf(event)).toEqual({
    id: 'e',
    type: 'incident.assigned',
    timestamp: '2026-11-21T10:00:00.000Z',
    data: {
      incident: 'i',
      code: 'K-7Q4M2',
      case_type: 'gbv',
      urgency: 'urgent',
      rev: 4,
      from: 'offering',
      to: 'assigned',
      actor_role: 'dispatcher',
      data: { reason: 'nearest' },
    },
  })
})
