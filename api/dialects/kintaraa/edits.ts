import type { z } from 'zod'
import type { ActDeps, By } from '../../../acts/deps'
import { editIncident } from '../../../acts/edit-incident'
import { Refusal } from '../../../domain/refusals'
import { readAfterAct, type IncidentView } from '../../incidents/incidents.reads'
import type { SignedIn } from '../../route'
import type { editBody } from './incidents.schemas'
import { contactOf, withoutNulls } from './intake'

type AppEdit = z.output<typeof editBody>

/** Somebody else may edit between the reading and the writing; so often it is done anew. */
const TRIES = 3

/**
 * Edits the three fields that the app knows, on whatever version is there: it has none to send, and the last to write wins on these
 * alone. The edit stands in the story with its fields, as every other.
 */
export async function editLast(
  acts: ActDeps,
  { incidentId, edit }: { readonly incidentId: string; readonly edit: AppEdit },
  { actor, by }: { readonly actor: SignedIn; readonly by: By },
): Promise<void> {
  for (let left = TRIES; ; left--) {
    const present = await readAfterAct(acts, actor, incidentId)
    const fields = fieldsOf(edit, present)
    if (Object.keys(fields).length === 0) return
    try {
      await editIncident(acts, { incidentId, edit: fields, on: { version: present.version } }, by)
      return
    } catch (error) {
      if (left <= 1 || !(error instanceof Refusal) || error.code !== 'VERSION_CONFLICT') throw error
    }
  }
}

function fieldsOf({ description, support_services, provider_preferences }: AppEdit, present: IncidentView) {
  const preferences = provider_preferences && withoutNulls(provider_preferences)
  const { contact_safety } = contactOf(preferences ?? {})
  const details = {
    ...(support_services && { support_services }),
    ...(preferences && { provider_preferences: preferences }),
  }
  return {
    ...(description !== undefined && { description }),
    ...(Object.keys(details).length > 0 && { details: { ...present.details, ...details } }),
    ...(contact_safety && { contact_safety: { ...present.contact_safety, ...contact_safety } }),
  }
}
