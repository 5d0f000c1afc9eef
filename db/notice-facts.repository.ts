import type { Role } from '../domain/actors'
import { CASE_TYPES } from '../domain/case-types'
import type { ContactSafety } from '../domain/contact-safety'
import { CALM, priorityOf, type AttemptFacts, type NoticeFacts } from '../domain/notice-plan'
import { NOTICES, type NoticeCode } from '../domain/notices'
import type { Channel } from '../domain/policy'
import type { AccountStatus } from './accounts.repository'
import type { Database } from './database'
import type { Device } from './devices.repository'
import { preferencesOf, type PreferencesRow } from './preferences.repository'
import { runPrepared, type Prepared } from './prepared'
import { openJson, openText, type Vault } from './vault'

/** What nothing holds back: everything else is throttled. */
export const URGENT_CODES: readonly NoticeCode[] = (Object.keys(NOTICES) as NoticeCode[]).filter(
  code => priorityOf(code) === 'urgent',
)
/** Most people get fewer notices in the ten minutes that count; more of them would only be read to be left out. */
const NEWEST_READ = 50

/** An attempt with what is noted beside its state. */
export interface AttemptRow extends AttemptFacts {
  readonly id: string
  readonly tries: number
}

/** A notice with all that its sending needs, addresses opened; what decides is in `facts`. */
export interface NoticeToSend {
  readonly id: string
  readonly recipient_id: string
  readonly offer_id: string | null
  readonly facts: Omit<NoticeFacts, 'configured' | 'attempts'> & { readonly attempts: readonly AttemptRow[] }
  readonly email: string | null
  readonly phone: string | null
  readonly devices: readonly Pick<Device, 'id' | 'device_type' | 'token'>[]
  /** `send_after` as it was read, as text: JavaScript's dates would round it. Null when nothing is left to send. */
  readonly seen: string | null
}

interface Row {
  readonly id: string
  readonly code: NoticeCode
  readonly channels: readonly Channel[]
  readonly recipient_id: string
  readonly created_at: number
  readonly seen: string | null
  readonly is_over: boolean
  readonly at: number
  readonly offer_id: string | null
  readonly expires_at: number | null
  readonly role: Role
  readonly status: AccountStatus
  readonly email: string | null
  readonly phone: string | null
  readonly wrapped: string | null
  readonly preferences: PreferencesRow | null
  readonly case_type: string | null
  readonly incident_id: string | null
  readonly incident_wrapped: string | null
  /** Of the incident that the recipient reported. */
  readonly contact_safety: string | null
  readonly attempts: readonly AttemptRow[]
  readonly devices: readonly { id: string; device_type: Device['device_type']; token: string }[]
  readonly recent: readonly number[]
}

const MS = (column: string): string => `(extract(epoch from ${column}) * 1000)::double precision`

/** The columns of `notice_attempts a` that make an `AttemptRow`. */
export const ATTEMPT_COLUMNS = `a.id, a.channel, a.state, a.tries, ${MS('a.at')} as at,
  ${MS('a.handed_over_at')} as handed_over_at, ${MS('a.leased_until')} as leased_until`

const CALM_WINDOW = `clock_timestamp() - interval '${CALM.withinMs} milliseconds'`

/**
 * When messages that were not urgent left for a recipient within the time that counts, the newest first; a try that is under way
 * counts as one. `recipient` and `urgent` are expressions or places of values.
 */
export const recentSends = (recipient: string, urgent: string): string => `
  select coalesce(a.handed_over_at, a.at) as at
  from (select id from notices where recipient_id = ${recipient} and code <> all(${urgent})
      and created_at > clock_timestamp() - interval '1 day'
    order by created_at desc limit ${NEWEST_READ}) newest
  join notice_attempts a on a.notice_id = newest.id
  where a.handed_over_at > ${CALM_WINDOW} or (a.state = 'queued' and a.leased_until > clock_timestamp())
  order by 1 desc limit ${CALM.sends}`

const FIND: Prepared = {
  name: 'find-notice-to-send',
  text: `select n.id, n.code, n.channels, n.recipient_id, ${MS('n.created_at')} as created_at, n.send_after::text as seen,
      (n.withdrawn_at is not null or n.read_at is not null) as is_over, ${MS('clock_timestamp()')} as at,
      n.offer_id, (select ${MS('o.expires_at')} from offers o where o.id = n.offer_id) as expires_at,
      u.role, u.status, u.email, u.phone, (select k.wrapped from account_keys k where k.user_id = u.id) as wrapped,
      (select to_json(p) from notification_preferences p where p.user_id = u.id) as preferences,
      i.id as incident_id, i.case_type, case when i.reporter_id = u.id then i.contact_safety end as contact_safety,
      (select k.wrapped from incident_keys k where k.incident_id = i.id) as incident_wrapped,
      coalesce((select json_agg(t) from (select ${ATTEMPT_COLUMNS} from notice_attempts a where a.notice_id = n.id) t), '[]')
        as attempts,
      coalesce((select json_agg(json_build_object('id', d.id, 'device_type', d.device_type, 'token', d.token)
        order by d.registered_at desc) from devices d where d.user_id = u.id), '[]') as devices,
      case when n.code = any($2::text[]) then '[]'
        else coalesce((select json_agg(${MS('r.at')} order by r.at desc) from (${recentSends('n.recipient_id', '$2::text[]')}) r), '[]')
      end as recent
    from notices n
    join users u on u.id = n.recipient_id
    left join incidents i on i.id = coalesce(n.incident_id,
      (select c.incident_id from conversations c where c.id = n.conversation_id))
    where n.id = $1`,
}

/** Whoever has no incident lives by the clock of the installation's first case type. */
const [DEFAULT_CASE_TYPE] = Object.values(CASE_TYPES)

/** A notice and all that decides how it goes on, in one statement; undefined when there is none. Throws `SealBroken`. */
export async function findNoticeToSend(db: Database, vault: Vault, id: string): Promise<NoticeToSend | undefined> {
  const [row] = await runPrepared<Row>(db, FIND, [id, URGENT_CODES])
  if (!row) return undefined
  const { wrapped, seen, offer_id, recipient_id, code, channels, created_at, expires_at, attempts } = row
  const key = wrapped === null ? null : vault.keyOf(recipient_id, wrapped)
  const email = key && openText(key, 'users', recipient_id, 'email', row.email)
  const phone = key && openText(key, 'users', recipient_id, 'phone', row.phone)
  const devices = key
    ? row.devices.map(({ token, ...device }) => ({
        ...device,
        token: openText(key, 'devices', device.id, 'token', token) ?? '',
      }))
    : []
  const addresses = new Set<Channel>([
    ...(devices.length > 0 ? ['push' as const] : []),
    ...(phone === null ? [] : ['sms' as const]),
    ...(email === null ? [] : ['email' as const]),
  ])
  const facts = {
    code,
    channels,
    created_at,
    isSettled: row.is_over || seen === null,
    expires_at,
    recipient: {
      role: row.role,
      isActive: row.status === 'active',
      preferences: row.preferences ? preferencesOf(row.preferences) : undefined,
      addresses,
    },
    contactSafety: contactSafetyOf(vault, row),
    attempts,
    recentSends: row.recent,
    now: row.at,
    timeZone: (CASE_TYPES[row.case_type ?? ''] ?? DEFAULT_CASE_TYPE)?.timeZone ?? 'UTC',
  }
  return { id, recipient_id, offer_id, facts, email, phone, devices, seen }
}

/** What cannot be opened any more may have said that nothing is safe. */
function contactSafetyOf(vault: Vault, row: Row): NoticeFacts['contactSafety'] {
  if (row.contact_safety === null || row.incident_id === null) return null
  if (row.incident_wrapped === null) return { channel: 'none' }
  const key = vault.keyOf(row.incident_id, row.incident_wrapped)
  return openJson<ContactSafety>(key, 'incidents', row.incident_id, 'contact_safety', row.contact_safety)
}
