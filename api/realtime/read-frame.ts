import type { z, ZodType } from 'zod'

/** What is wrong with a frame that came. */
export type FrameFault = 'FRAME_MALFORMED' | 'FRAME_UNKNOWN' | 'FRAME_NOT_HERE'

/** The frames of one protocol, by their `type`. */
type Frames = Readonly<Record<string, ZodType>>
/** Any frame of these. */
export type FrameOf<Known extends Frames> = { readonly [Type in keyof Known]: z.output<Known[Type]> }[keyof Known]

/** Reads what came as one of these frames, told apart by their `type`; a fault when it is none. */
export function readOneOf<Known extends Frames>(frames: Known, text: string | undefined): FrameOf<Known> | FrameFault {
  const parsed = text === undefined ? undefined : parse(text)
  const type = typeof parsed === 'object' && parsed !== null && 'type' in parsed ? parsed.type : undefined
  if (typeof type !== 'string') return 'FRAME_MALFORMED'
  const known = Object.hasOwn(frames, type) ? frames[type] : undefined
  if (!known) return 'FRAME_UNKNOWN'
  const read = known.safeParse(parsed)
  return read.success ? (read.data as FrameOf<Known>) : 'FRAME_MALFORMED'
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
