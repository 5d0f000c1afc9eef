import { z } from 'zod'
import { issueTicket } from '../../acts/accounts/ws-ticket'
import { timeField } from '../fields'
import { defineRoute, type Route } from '../route'

const ticketSchema = z
  .object({
    ticket: z.string().describe('For `?ticket=` of one socket'),
    expires_at: timeField,
  })
  .meta({ id: 'SocketTicket' })

const issue = defineRoute({
  method: 'post',
  path: '/api/auth/ws-ticket/',
  permission: 'account:self',
  summary: 'Get a ticket to open a socket with',
  description:
    'Works once, within 30 s, for this session. A browser cannot send a header with a socket, and an access token does not belong into an address.',
  tags: ['Accounts'],
  asksByItself: true,
  status: 201,
  response: ticketSchema,
  errors: [],
  async handler({ actor }, { accounts }) {
    const { ticket, expiresAt } = await issueTicket(accounts, actor.sid)
    return { ticket, expires_at: expiresAt.toISOString() }
  },
})

/** How a socket signs in without a token in its address. */
export const wsTicketRoutes: readonly Route[] = [issue]
