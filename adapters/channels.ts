import type { Logger } from '../platform/logger'
import type { Channel, EmailPort, PushPort, SmsPort } from './ports'
import { createSmtpEmail } from './smtp-email'
import { createUnconfiguredChannel } from './unconfigured-channel'

/** The ways out of the product, and which of them have a vendor behind them. */
export interface Channels {
  readonly email: EmailPort
  readonly push: PushPort
  readonly sms: SmsPort
  readonly configured: ReadonlySet<Channel>
  close(): void
}

/** Builds each channel from the configuration; one without a vendor says so in the log whenever it is asked to send. */
export function createChannels(
  { smtpUrl, mailFrom }: { readonly smtpUrl: string | undefined; readonly mailFrom: string },
  logger: Logger,
): Channels {
  const smtp = smtpUrl === undefined ? undefined : createSmtpEmail({ url: smtpUrl, from: mailFrom })
  return {
    email: smtp ?? createUnconfiguredChannel('email', logger),
    push: createUnconfiguredChannel('push', logger),
    sms: createUnconfiguredChannel('sms', logger),
    configured: new Set<Channel>(smtp ? ['email'] : []),
    close: () => smtp?.close(),
  }
}
