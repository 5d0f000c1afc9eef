import type { ActDeps } from '../acts/deps'
import { activatePolicy, insertPolicy, lockPolicies, PolicyCache } from '../db/policies.repository'
import { inTransaction } from '../db/unit-of-work'
import { Vault } from '../db/vault'
import { caseTypeOf } from '../domain/case-types'
import type { Policy } from '../domain/policy'
import { newId } from '../platform/ids'
import { createLogger } from '../platform/logger'
import { waitFor } from './load'
import type { Stack } from './stack'

/** What acts need to run in the bench's own process: they tell nobody, so the worker's relay finds what they did. */
export function actDeps({ db, config }: Stack): ActDeps {
  return {
    db,
    vault: new Vault(config.keyRing),
    policies: new PolicyCache(),
    logger: createLogger({ level: 'silent', name: 'bench' }),
    configuredChannels: new Set(),
    // So that offers can be made that are due at a chosen moment; what is measured runs in the product's processes, by its own clock.
    timeTravel: true,
    tell: () => undefined,
  }
}

/** Long windows, so that nothing is due while something else is measured; many silences, so that nobody drops out. */
const CALM: Policy['offer'] = {
  ...caseTypeOf('gbv').policy.offer,
  window_seconds: 3600,
  search_seconds: 36_000,
  silences_to_unresponsive: 1_000_000,
}

/** Puts a gbv policy in force: the default one with calm offer windows, and with these changes of them. */
export async function usePolicy({ db }: Stack, offer: Partial<Policy['offer']> = {}): Promise<void> {
  const rules: Policy = { ...caseTypeOf('gbv').policy, offer: { ...CALM, ...offer } }
  const id = newId()
  await inTransaction(db, async trx => {
    await lockPolicies(trx, 'gbv')
    await insertPolicy(trx, { id, rules, createdBy: null })
    await activatePolicy(trx, { id, caseType: 'gbv' })
  })
}

/** Resolves when every change so far has been told to its workflow. */
export async function untilTold({ db }: Stack, withinSeconds = 300): Promise<void> {
  await waitFor('the workflows are told', { withinSeconds }, async () => {
    const { rows } = await db.raw<{ rows: [{ behind: boolean }] }>(
      'select exists (select 1 from events where signal is not null) as behind',
    )
    return !rows[0].behind
  })
}

/** Resolves when so many more workflows than `before` have heard that their incident has this status. */
export async function untilHeard(
  { temporal }: Stack,
  { status, count, withinSeconds = 300 }: { status: string; count: number; withinSeconds?: number },
): Promise<void> {
  await waitFor(`${count} workflows know the status ${status}`, { withinSeconds }, async () => {
    const found = await temporal.client.workflow.count(`IncidentStatus = '${status}'`)
    return found.count >= count
  })
}

/** How many workflows know that their incident has this status. */
export async function heardCount({ temporal }: Stack, status: string): Promise<number> {
  return (await temporal.client.workflow.count(`IncidentStatus = '${status}'`)).count
}

/** Whom an incident is offered to at the moment: what a push would tell that person's phone. */
export async function offeredTo({ db }: Stack, incidentId: string): Promise<string> {
  const offer = await db<{ incident_id: string; state: string; provider_id: string }>('offers')
    .where({ incident_id: incidentId, state: 'open' })
    .first('provider_id')
  if (!offer) throw new Error('the incident is offered to nobody')
  return offer.provider_id
}
