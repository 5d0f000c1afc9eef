import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import { sendMessage, type Draft } from '../../acts/messages/send-message'
import { Refusal, type FieldFault } from '../../domain/refusals'
import { parsePart, refuseFaults } from '../faults'
import type { Limits } from '../limits/limits'
import { readAfterAct } from '../messages/messages.reads'
import { sendBody } from '../messages/messages.schemas'
import type { SignedIn } from '../route'
import { frame, type Frame, type Rejection } from './frames'

/** A message as it came. */
export interface SentBySocket {
  readonly reader: SignedIn
  readonly clientId: string
  /** What `POST /api/messages/` takes as its body. */
  readonly draft: unknown
  readonly limits: Limits | undefined
}

const ROUTE = { path: '/api/messages/' }

/** Sends a message as `POST /api/messages/` does, by its rules and counted against its limits; the answer is for the sender's socket alone. */
export async function sendBySocket(acts: ActDeps, sent: SentBySocket): Promise<Frame> {
  const { reader, clientId: client_id, limits } = sent
  try {
    await limits?.count({ route: ROUTE, method: 'post', actor: reader, staleSession: undefined, ip: '' })
    const { messageId } = await sendMessage(acts, readDraft(sent), {
      actor: { kind: 'person', id: reader.id, role: reader.role },
    })
    return frame('message.accepted', { client_id, message: await readAfterAct(acts, reader, messageId) })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return frame('message.rejected', { client_id, ...rejectionOf(error) })
  }
}

function readDraft({ draft }: SentBySocket): Draft {
  const faults: FieldFault[] = []
  const parsed = parsePart('body', sendBody, draft, faults)
  refuseFaults(faults)
  const { incident: _, conversation_id, ...rest } = parsed as z.output<typeof sendBody>
  if (conversation_id === undefined) throw new Refusal('CONVERSATION_NOT_FOUND')
  return { ...rest, target: { conversationId: conversation_id } }
}

function rejectionOf({ code, message: detail, more }: Refusal): Rejection {
  const after = Number(more.headers?.['retry-after'])
  return {
    code,
    detail,
    ...(more.errors && { errors: more.errors }),
    ...(Number.isFinite(after) && { retry_after: after }),
  }
}
