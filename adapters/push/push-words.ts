import { createHash } from 'node:crypto'
import type { OutgoingPush } from '../ports'

/** The Android notification channel of every notice; a phone shows its name, so it says nothing. */
export const ANDROID_CHANNEL = 'notices'

/** Four weeks: no push service keeps a message longer. */
const LONGEST_SECONDS = 2_419_200

/** For how many whole seconds the vendor keeps trying. */
export const ttlOf = ({ ttlSeconds }: Pick<OutgoingPush, 'ttlSeconds'>): number =>
  Math.min(LONGEST_SECONDS, Math.max(0, Math.floor(ttlSeconds)))

/** The collapse key in the shortest of the vendors' forms: a Topic of web push has at most 32 characters of base64url. */
export const topicOf = ({ collapseKey }: Pick<OutgoingPush, 'collapseKey'>): string =>
  createHash('sha256').update(collapseKey).digest('base64url').slice(0, 32)
