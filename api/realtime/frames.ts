import { z } from 'zod'
import type { Sign } from '../../db/signs'
import type { RefusalCode, FieldFault } from '../../domain/refusals'
import { textField } from '../fields'
import type { messageSchema } from '../messages/messages.schemas'
import type { News } from './news'
import { readOneOf, type FrameFault, type FrameOf } from './read-frame'

type MessageView = z.input<typeof messageSchema>

interface Said<Type extends string, Data> {
  readonly type: Type
  /** Where to come back to with `?after=`; null for what is told once and kept nowhere. */
  readonly id: number | null
  /** ISO 8601. */
  readonly at: string
  readonly data: Data
}

/** What a refused message is answered with, beside its `client_id`. */
export interface Rejection {
  readonly code: RefusalCode
  readonly detail: string
  readonly errors?: readonly FieldFault[]
  readonly retry_after?: number
}

type Empty = Readonly<Record<string, never>>

/** Everything that the server says. */
export type Frame =
  | News
  | Said<'ready', Empty>
  | Said<'replay.gap', Empty>
  | Said<'typing', { readonly user: string; readonly role: Sign['role'] }>
  | Said<'message.accepted', { readonly client_id: string; readonly message: MessageView }>
  | Said<'message.rejected', Rejection & { readonly client_id: string | null }>
  | Said<'error', { readonly code: FrameFault; readonly detail: string }>

const now = (): string => new Date().toISOString()

/** A frame of the socket itself, of which no news speak. */
export const frame = <Type extends Exclude<Frame, News>['type']>(
  type: Type,
  data: Extract<Exclude<Frame, News>, { readonly type: Type }>['data'],
  id: number | null = null,
): Frame => ({ type, id, at: now(), data }) as Frame

const written = new WeakMap<News, string>()

/** News as they go over the wire; what a hundred readers are told alike is written out once. */
export function textOfNews(news: News): string {
  const known = written.get(news)
  if (known !== undefined) return known
  const text = JSON.stringify({ ...news, at: new Date(news.at).toISOString() })
  written.set(news, text)
  return text
}

const authFrame = z.strictObject({ type: z.literal('auth'), token: z.string().min(1).max(4_096) })
const typingFrame = z.strictObject({ type: z.literal('typing') })
const sendFrame = z.strictObject({
  type: z.literal('message.send'),
  client_id: textField(100),
  data: z.record(z.string(), z.unknown()),
})

const FRAMES = { auth: authFrame, typing: typingFrame, 'message.send': sendFrame } as const

/** What a client says. */
export type ClientFrame = FrameOf<typeof FRAMES>

/** Reads what came; a fault when it is no frame that there is. */
export const readFrame = (text: string | undefined): ClientFrame | FrameFault => readOneOf(FRAMES, text)
