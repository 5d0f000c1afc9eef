import { startFakeAfricasTalking } from './africas-talking'
import { startFakeExpo } from './expo'
import { startFakeMailServer, type FakeMailServer } from './mail-server'
import { startFakeTwilio } from './twilio'
import { formOf, jsonOf, type FakeVendor, type Request } from './vendor'

/** Vendors for every channel: Expo; Twilio and, behind it, Africa's Talking; a mail server. */
export interface EveryVendor {
  readonly expo: FakeVendor
  readonly twilio: FakeVendor
  readonly africasTalking: FakeVendor
  readonly mail: FakeMailServer
  /** The settings by which a product finds them. */
  readonly env: Readonly<Record<string, string>>
  stop(): Promise<void>
}

export async function startEveryVendor(): Promise<EveryVendor> {
  const [expo, twilio, africasTalking, mail] = await Promise.all([
    startFakeExpo(),
    startFakeTwilio(),
    startFakeAfricasTalking(),
    startFakeMailServer(),
  ])
  const vendors = { expo, twilio, africasTalking, mail }
  return {
    ...vendors,
    env: {
      KESI_EXPO_PUSH: 'on',
      KESI_EXPO_URL: expo.url,
      KESI_SMS_VENDORS: 'twilio,africas-talking',
      KESI_TWILIO_ACCOUNT_SID: 'AC00000000000000000000000000000000',
      KESI_TWILIO_AUTH_TOKEN: 'a-token-of-the-tests',
      KESI_TWILIO_FROM: '+15005550006',
      KESI_TWILIO_URL: twilio.url,
      KESI_AFRICAS_TALKING_USERNAME: 'sandbox',
      KESI_AFRICAS_TALKING_API_KEY: 'a-key-of-the-tests',
      KESI_AFRICAS_TALKING_URL: africasTalking.url,
      KESI_SMTP_URL: mail.url,
    },
    stop: async () => void (await Promise.all(Object.values(vendors).map(vendor => vendor.stop()))),
  }
}

/** What an Expo push says of itself; empty for every other request. */
export function expoPushOf(got: Request): { readonly notice?: string; readonly token?: string } {
  if (!got.path.endsWith('/push/send')) return {}
  const { to, data } = jsonOf(got) as { to: string; data: { notice_id: string } }
  return { notice: data.notice_id, token: to }
}

/** The number that an SMS goes to, at either vendor. */
export function phoneOf(got: Request): string {
  const { To, to } = formOf(got)
  return To ?? to ?? ''
}
