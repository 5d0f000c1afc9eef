import type { Channel } from '../domain/policy'
import type { Config } from '../platform/config'
import type { Logger } from '../platform/logger'
import { publicOnlyAgent } from './outbound/public-address'
import type { EmailPort, PushPort, SmsPort } from './ports'
import { createExpoPush, type ExpoPush } from './push/expo-push'
import { createFcmPush } from './push/fcm-push'
import { createPushRouter } from './push/push-router'
import { createWebPush } from './push/web-push'
import { createAfricasTalking } from './sms/africas-talking'
import { createSmsFailover, type SmsVendor } from './sms/sms-failover'
import { createTwilio } from './sms/twilio'
import { createSmtpEmail } from './smtp-email'
import { createUnconfiguredChannel } from './unconfigured-channel'

/** The ways out of the product, and which of them have a vendor behind them. */
export interface Channels {
  readonly email: EmailPort
  readonly push: PushPort
  readonly sms: SmsPort
  readonly configured: ReadonlySet<Channel>
  /** Who is behind each, in the order in which they are tried. */
  readonly vendors: Readonly<Record<Channel, readonly string[]>>
  /** The vendor whose receipts are fetched: the others send theirs. */
  readonly expo: ExpoPush | undefined
  close(): Promise<void>
}

type VendorConfig = Pick<
  Config,
  | 'smtpUrl'
  | 'fcmCredentials'
  | 'vapidPublicKey'
  | 'vapidPrivateKey'
  | 'vapidSubject'
  | 'expoPush'
  | 'expoAccessToken'
  | 'expoUrl'
  | 'smsVendors'
  | 'africasTalkingUsername'
  | 'africasTalkingApiKey'
  | 'africasTalkingSender'
  | 'africasTalkingUrl'
  | 'twilioAccountSid'
  | 'twilioAuthToken'
  | 'twilioFrom'
  | 'twilioUrl'
  | 'privateAddresses'
  | 'publicUrl'
>

/** What the channels are built from; what is left out has no vendor. */
export type ChannelConfig = Pick<Config, 'mailFrom'> & Partial<VendorConfig>

/** Where Twilio sends its status callbacks, below the public address. */
export const TWILIO_RECEIPTS_PATH = '/api/receipts/twilio/'

/** Builds each channel from the configuration; one without a vendor says so in the log whenever it is asked to send. */
export function createChannels(config: ChannelConfig, logger: Logger): Channels {
  const smtp =
    config.smtpUrl === undefined ? undefined : createSmtpEmail({ url: config.smtpUrl, from: config.mailFrom })
  const fcm = config.fcmCredentials && createFcmPush({ account: config.fcmCredentials })
  const expo = expoOf(config)
  const webPush = webPushOf(config)
  const sms = smsVendorsOf(config)
  const unconfigured = createUnconfiguredChannel('push', logger)
  const vendors = {
    push: [...(fcm ? ['fcm'] : []), ...(expo ? ['expo'] : []), ...(webPush ? ['web-push'] : [])],
    sms: sms.map(({ name }) => name),
    email: smtp ? ['smtp'] : [],
  } satisfies Record<Channel, string[]>
  return {
    email: smtp ?? createUnconfiguredChannel('email', logger),
    push: createPushRouter({ fcm, expo, webPush }, unconfigured),
    sms: sms.length > 0 ? createSmsFailover(sms, { logger }) : createUnconfiguredChannel('sms', logger),
    configured: new Set((Object.keys(vendors) as Channel[]).filter(channel => vendors[channel].length > 0)),
    vendors,
    expo,
    async close() {
      smtp?.close()
      webPush?.close()
      await fcm?.close()
    },
  }
}

function expoOf({ expoPush, expoUrl, expoAccessToken }: ChannelConfig): ExpoPush | undefined {
  if (expoPush !== 'on' || expoUrl === undefined) return undefined
  return createExpoPush({ baseUrl: expoUrl, accessToken: expoAccessToken })
}

function webPushOf({ vapidPublicKey, vapidPrivateKey, vapidSubject, privateAddresses }: ChannelConfig) {
  if (vapidPublicKey === undefined || vapidPrivateKey === undefined || vapidSubject === undefined) return undefined
  const agent = publicOnlyAgent({ allowPrivate: privateAddresses === 'allowed', keepAlive: true })
  return createWebPush({ publicKey: vapidPublicKey, privateKey: vapidPrivateKey, subject: vapidSubject, agent })
}

function smsVendorsOf(config: ChannelConfig): SmsVendor[] {
  const known = { 'africas-talking': africasTalkingOf(config), twilio: twilioOf(config) }
  const order = config.smsVendors ?? (Object.keys(known) as (keyof typeof known)[])
  return order.flatMap(name => {
    const sms = known[name]
    return sms ? [{ name, sms }] : []
  })
}

function africasTalkingOf(config: ChannelConfig): SmsPort | undefined {
  const { africasTalkingUsername: username, africasTalkingApiKey: apiKey, africasTalkingUrl: baseUrl } = config
  if (username === undefined || apiKey === undefined || baseUrl === undefined) return undefined
  return createAfricasTalking({ username, apiKey, baseUrl, sender: config.africasTalkingSender })
}

function twilioOf(config: ChannelConfig): SmsPort | undefined {
  const { twilioAccountSid: accountSid, twilioAuthToken: authToken, twilioFrom: from, twilioUrl: baseUrl } = config
  if (accountSid === undefined || authToken === undefined || from === undefined || baseUrl === undefined)
    return undefined
  // Twilio refuses a message whose callback it could never reach, such as one to localhost.
  const isReachable = config.publicUrl?.startsWith('https:')
  const statusCallback = isReachable ? `${config.publicUrl}${TWILIO_RECEIPTS_PATH}` : undefined
  return createTwilio({ accountSid, authToken, from, baseUrl, statusCallback })
}
