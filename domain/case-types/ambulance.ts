import type { CaseType } from '../case-type'
import { STANDARD_LIFECYCLE } from './standard-lifecycle'
import { THAI_REGIONS } from './thai-regions'

/** EMS WeCare: patient transport and ambulance rides in Thailand. Crews are asked together, and an accept is a start. */
export const ambulance: CaseType = {
  code: 'ambulance',
  version: 1,
  name: 'Ambulance ride',
  codePrefix: 'A',
  words: { incident: 'ride', reporter: 'caller', provider: 'crew' },
  languages: ['th', 'en'],
  timeZone: 'Asia/Bangkok',
  providerTypes: [
    { code: 'ambulance_crew', name: 'Ambulance crew' },
    { code: 'transport_crew', name: 'Patient transport crew' },
  ],
  incidentTypes: ['emergency', 'appointment', 'discharge', 'transfer', 'other'],
  begins: { urgent: 'search', routine: 'review' },
  lifecycle: STANDARD_LIFECYCLE,
  outcomes: {
    responder: ['resolved', 'referred', 'declined_help', 'unreachable', 'duplicate'],
    reporter: ['helped', 'not_helped'],
    unstated: ['not_stated'],
  },
  outcomesForDispatch: ['not_helped', 'not_stated'],
  acceptMeansStart: true,
  reopenDays: 30,
  areas: THAI_REGIONS,
  policy: {
    case_type: 'ambulance',
    offer: {
      mode: 'broadcast',
      broadcast_size: 5,
      window_seconds: 60,
      max_offers: 3,
      search_seconds: 180,
      cooldown_seconds: 300,
      silences_to_unresponsive: 3,
      provider_types: ['ambulance_crew'],
    },
    review: { window_seconds: 900 },
    start: { nudge_seconds: 600, escalate_seconds: 900 },
    dispatch_ladder: [
      { after_seconds: 0, who: 'dispatchers_on_duty', channels: ['push'] },
      { after_seconds: 60, who: 'dispatchers_on_duty', channels: ['push', 'sms'] },
      { after_seconds: 180, who: 'all_dispatchers_and_admins', channels: ['push', 'sms', 'email'] },
    ],
    ladder_repeat_seconds: 180,
    owner_idle_seconds: 600,
    recheck_seconds: 60,
    auto_close_seconds: 86400,
  },
}
