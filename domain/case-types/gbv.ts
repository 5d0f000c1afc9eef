import type { CaseType } from '../case-type'
import { KENYAN_COUNTIES } from './kenyan-counties'
import { STANDARD_LIFECYCLE } from './standard-lifecycle'

/** Kintaraa: response to gender-based violence in Kenya. */
export const gbv: CaseType = {
  code: 'gbv',
  version: 1,
  name: 'Response to gender-based violence',
  codePrefix: 'K',
  words: { incident: 'case', reporter: 'survivor', provider: 'responder' },
  languages: ['en', 'sw'],
  timeZone: 'Africa/Nairobi',
  providerTypes: [
    { code: 'gbv_rescue', name: 'GBV rescue' },
    { code: 'healthcare', name: 'Health care' },
    { code: 'legal', name: 'Legal aid' },
    { code: 'police', name: 'Police' },
    { code: 'counseling', name: 'Counselling' },
    { code: 'social_services', name: 'Social services' },
    { code: 'chw', name: 'Community health worker' },
  ],
  incidentTypes: ['physical', 'sexual', 'emotional', 'economic', 'harmful_practice', 'online', 'femicide', 'other'],
  begins: { urgent: 'search', routine: 'review' },
  lifecycle: STANDARD_LIFECYCLE,
  outcomes: {
    responder: ['resolved', 'referred', 'declined_help', 'unreachable', 'duplicate'],
    reporter: ['helped', 'not_helped'],
    unstated: ['not_stated'],
  },
  outcomesForDispatch: ['not_helped', 'not_stated'],
  acceptMeansStart: false,
  reopenDays: 30,
  areas: KENYAN_COUNTIES,
  policy: {
    case_type: 'gbv',
    offer: {
      mode: 'sequential',
      broadcast_size: 5,
      window_seconds: 120,
      max_offers: 3,
      search_seconds: 300,
      cooldown_seconds: 600,
      silences_to_unresponsive: 3,
      provider_types: ['gbv_rescue'],
    },
    review: { window_seconds: 1800 },
    start: { nudge_seconds: 1800, escalate_seconds: 2700 },
    dispatch_ladder: [
      { after_seconds: 0, who: 'dispatchers_on_duty', channels: ['push'] },
      { after_seconds: 120, who: 'dispatchers_on_duty', channels: ['push', 'sms'] },
      { after_seconds: 300, who: 'all_dispatchers_and_admins', channels: ['push', 'sms', 'email'] },
    ],
    ladder_repeat_seconds: 300,
    owner_idle_seconds: 900,
    recheck_seconds: 60,
    auto_close_seconds: 259200,
  },
}
