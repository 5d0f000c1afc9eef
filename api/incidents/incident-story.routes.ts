import { z } from 'zod'
import { Refusal } from '../../domain/refusals'
import { idParams } from '../fields'
import { defineRoute, type Route } from '../route'
import { readActions, readOffers, readTimeline, verifyTimeline } from './incidents.reads'
import { actionsSchema, offerSchema, timelineEntrySchema, timelineQuery, verificationSchema } from './incidents.schemas'

const tags = ['Incidents']

const timeline = defineRoute({
  method: 'get',
  path: '/api/incidents/:id/timeline/',
  permission: 'incident:read',
  summary: 'The story of an incident',
  description:
    'Its events, oldest first. With `verify=1` an administrator learns whether the chain of events is whole.',
  tags,
  params: idParams,
  query: timelineQuery,
  response: z.union([z.array(timelineEntrySchema), verificationSchema]),
  errors: ['INCIDENT_NOT_FOUND', 'ACCESS_ENDED'],
  async handler({ params, query, actor }, { acts }) {
    if (query.verify === undefined) return readTimeline(acts, actor, params.id)
    if (actor.role !== 'admin') throw new Refusal('FORBIDDEN', { detail: 'Only an administrator verifies a timeline' })
    return verifyTimeline(acts, actor, params.id)
  },
})

const offers = defineRoute({
  method: 'get',
  path: '/api/incidents/:id/offers/',
  permission: 'incident:offers',
  summary: 'Who was asked, and why they',
  tags,
  params: idParams,
  response: z.array(offerSchema),
  errors: ['INCIDENT_NOT_FOUND'],
  handler: async ({ params, actor }, { acts }) => readOffers(acts, actor, params.id),
})

const actions = defineRoute({
  method: 'get',
  path: '/api/incidents/:id/actions/',
  permission: 'incident:read',
  summary: 'What you may do with it now',
  description: "From the case type's table: the buttons of a screen.",
  tags,
  params: idParams,
  response: actionsSchema,
  errors: ['INCIDENT_NOT_FOUND', 'ACCESS_ENDED'],
  handler: async ({ params, actor }, { acts }) => readActions(acts, actor, params.id),
})

/** What has happened to an incident, and what may happen next. */
export const incidentStoryRoutes: readonly Route[] = [timeline, offers, actions]
