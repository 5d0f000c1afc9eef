import { z } from 'zod'
import type { Refusal } from '../../../domain/refusals'
import { idField } from '../../fields'
import type { News } from '../../realtime/news'
import { readOneOf, type FrameFault, type FrameOf } from '../../realtime/read-frame'
import type { SignedIn } from '../../route'
import { sendBody, type messageSchema } from './messages.schemas'
import { messageView } from './messages.views'
import { wordsOf } from './refusals'

type AppMessage = z.input<typeof messageSchema>

/** What the app is told by its sockets. */
export type AppFrame =
  | Said<
      'message_received',
      Pick<AppMessage, 'id' | 'sender' | 'content' | 'message_type' | 'created_at' | 'is_edited'> & {
        readonly conversation_id: string
      }
    >
  | Said<'message_read', { readonly message_id: string; readonly user_id: string; readonly read_at: string }>
  | Said<'user_typing', { readonly user_id: string; readonly full_name: string; readonly is_typing: boolean }>
  | Said<'user_online', { readonly user_id: string; readonly full_name: string }>
  | Said<'user_offline', { readonly user_id: string; readonly last_seen: string }>
  | Said<'error', { readonly code: string; readonly message: string }>
  | Said<'case_assigned' | 'case_updated', { readonly id?: string }>

interface Said<Type extends string, Data> {
  readonly type: Type
  readonly data: Data
}

/** A message as the app appends it to what it shows. */
export function messageFrame(core: Parameters<typeof messageView>[0], reader: SignedIn): AppFrame {
  const { id, conversation, sender, content, message_type, created_at, is_edited } = messageView(core, reader)
  const data = { id, conversation_id: conversation, sender, content, message_type, created_at, is_edited }
  return { type: 'message_received', data }
}

/** What the app is told of a conversation's news; undefined for what it does not know. */
export function conversationFrame(news: News, reader: SignedIn): AppFrame | undefined {
  if (news.type === 'message.created') return messageFrame(news.data, reader)
  if (news.type !== 'message.read') return undefined
  const { reader: user_id, message: message_id } = news.data
  if (user_id === null || message_id === null) return undefined
  return { type: 'message_read', data: { message_id, user_id, read_at: new Date(news.at).toISOString() } }
}

/** Which list the app loads again for a provider's news; undefined when neither has changed. */
export function providerFrame(news: News): AppFrame | undefined {
  if (news.type === 'offer.made') return { type: 'case_assigned', data: idOf(news.data.offer) }
  if (news.type === 'offer.closed') return { type: 'case_updated', data: idOf(news.data.offer) }
  if (news.type !== 'notice.changed' || news.data.read || news.data.withdrawn) return undefined
  const { notice, kind } = news.data
  if (kind === 'assignment.made') return { type: 'case_assigned', data: idOf(notice) }
  const isMine = kind === 'assignment.ended' || kind === 'incident.updated'
  return isMine ? { type: 'case_updated', data: idOf(notice) } : undefined
}

const idOf = (id: string | null): { readonly id?: string } => (id === null ? {} : { id })

/** A refusal, in the words that the app shows to people elsewhere. */
export const errorFrame = (refusal: Refusal): AppFrame => ({
  type: 'error',
  data: { code: refusal.code, message: refusal.more.errors?.[0]?.message ?? wordsOf(refusal) },
})

const nothing = z.unknown()
const FRAMES = {
  send_message: z.object({ type: z.literal('send_message'), data: sendBody }),
  mark_read: z.object({ type: z.literal('mark_read'), data: z.object({ message_id: idField }) }),
  typing_start: z.object({ type: z.literal('typing_start'), data: nothing }),
  typing_stop: z.object({ type: z.literal('typing_stop'), data: nothing }),
} as const

/** What the app says. */
export type SaidByApp = FrameOf<typeof FRAMES>

/** Reads what came; whatever else the app sends is passed over. A fault when it is no frame of its. */
export const readAppFrame = (text: string | undefined): SaidByApp | FrameFault => readOneOf(FRAMES, text)
