import type { Channel } from './policy'

/** How somebody said that they want to be reached. For a survivor it is the consent to send at all (S2): without it, nothing leaves. */
export interface Preferences extends Readonly<Record<Channel, boolean>> {
  /** Local times of day, `HH:MM`; from the first until the second nothing leaves that may wait. */
  readonly quiet: { readonly from: string; readonly to: string } | null
  /** An IANA name; null means that of the case type. */
  readonly time_zone: string | null
  /** Are notices of low priority gathered into one a day? */
  readonly digest: boolean
}

/** What counts for staff and providers who have said nothing. */
export const EVERY_CHANNEL: Preferences = {
  push: true,
  sms: true,
  email: true,
  quiet: null,
  time_zone: null,
  digest: false,
}
