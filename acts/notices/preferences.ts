import { lockAccount } from '../../db/accounts.repository'
import { markEffect } from '../../db/idempotency.repository'
import { deletePreferences, findPreferences, putPreferences } from '../../db/preferences.repository'
import { inTransaction } from '../../db/unit-of-work'
import type { Role } from '../../domain/actors'
import { EVERY_CHANNEL, type Preferences } from '../../domain/preferences'
import { Refusal } from '../../domain/refusals'
import type { ActDeps, By } from '../deps'

/** What counts for a survivor who has said nothing (S2). */
const NO_CHANNEL: Preferences = { ...EVERY_CHANNEL, push: false, sms: false, email: false }

/** What counts for somebody who has said nothing of how they want to be reached. */
export const silencePreferences = (role: Role): Preferences => (role === 'survivor' ? NO_CHANNEL : EVERY_CHANNEL)

/**
 * Changes how somebody wants to be reached; what is not given stays as it counted before. A survivor thereby agrees to be sent
 * notices by the channels that are on, and no others (S2). Throws `USER_NOT_FOUND` for an account that was erased.
 */
export async function editPreferences(
  { db }: Pick<ActDeps, 'db'>,
  userId: string,
  edit: Partial<Preferences>,
  by: By,
): Promise<void> {
  await inTransaction(db, async trx => {
    const account = await lockAccount(trx, userId)
    if (!account) throw new Refusal('USER_NOT_FOUND')
    const before = (await findPreferences(trx, userId)) ?? silencePreferences(account.role)
    await putPreferences(trx, userId, { ...before, ...edit })
    await markEffect(trx, by.requestId, userId)
  })
}

/** Takes back what somebody said. Sending looks here at its last moment, so to a survivor nothing more leaves from now on. */
export async function withdrawPreferences({ db }: Pick<ActDeps, 'db'>, userId: string): Promise<void> {
  await deletePreferences(db, userId)
}
