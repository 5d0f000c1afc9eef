import type { By } from '../../../acts/deps'
import { editProvider } from '../../../acts/edit-provider'
import { findPresence } from '../../../db/provider-profiles.repository'
import type { Role } from '../../../domain/actors'
import { readSessions } from '../../accounts/accounts.reads'
import type { ApiDeps } from '../../deps'

/** Somebody of whom the app only shows whether they are there: it has no switch for being on duty. */
interface Whoever {
  readonly id: string
  readonly role: Role
}

const byThemselves = ({ id, role }: Whoever): By => ({ actor: { kind: 'person', id, role } })

/** Who signs in by the app can be asked again. */
export async function arrive({ acts }: Pick<ApiDeps, 'acts'>, person: Whoever): Promise<void> {
  const presence = await presenceOf(acts, person)
  if (presence && presence.availability !== 'available')
    await editProvider(acts, person.id, { availability: 'available' }, byThemselves(person))
}

/**
 * After so long a silence an app that still asks for its list shows that somebody is back. Sooner it may be a screen that nobody
 * watches: to ask there again would only cost the next survivor the time of an offer.
 */
const BACK_AFTER_SECONDS = 600

/** Who stopped answering and still has the app open can be asked again after a while. */
export async function showPresence({ acts }: Pick<ApiDeps, 'acts'>, person: Whoever): Promise<void> {
  const presence = await presenceOf(acts, person)
  if (presence?.availability !== 'unresponsive' || (presence.silent_seconds ?? 0) < BACK_AFTER_SECONDS) return
  await editProvider(acts, person.id, { availability: 'available' }, byThemselves(person))
}

/** Who has signed out everywhere is not asked: their open offers go to others at once, cases under way stay theirs. */
export async function leave({ acts, accounts }: Pick<ApiDeps, 'acts' | 'accounts'>, person: Whoever): Promise<void> {
  if (person.role !== 'provider' || (await readSessions(accounts, person)).length > 0) return
  await editProvider(acts, person.id, { availability: 'off_duty' }, byThemselves(person))
}

const presenceOf = ({ db }: ApiDeps['acts'], { id, role }: Whoever) =>
  role === 'provider' ? findPresence(db, id) : Promise.resolve(undefined)
