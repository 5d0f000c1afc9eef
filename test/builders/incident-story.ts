import type { Reply } from '../harness/api'

/** A report with something in every field that a reporter may fill for themselves. */
export const STORY = {
  title: 'Title of mine',
  description: 'What happened',
  incident_type: 'physical',
  occurred_at: '2026-01-05T08:30:00+03:00',
  occurred_precision: 'hour',
  location: { lat: -1.2864, lng: 36.8172, text: 'behind the market' },
  details: { injured: true, nested: { deep: ['a', 1, null] } },
  contact_safety: {
    channel: 'sms',
    hours: { from: '09:00', to: '11:00' },
    wished_gender: 'female',
    safety_flags: ['weapon', 'children_present'],
  },
}

/** The faults of a 400, each as `path code`. */
export const faultsOf = (reply: Reply): string[] =>
  (reply.body.errors as { path: string; code: string }[]).map(({ path, code }) => `${path} ${code}`).sort()
