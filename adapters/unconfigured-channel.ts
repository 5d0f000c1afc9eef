import type { Logger } from '../platform/logger'
import type { Channel, OutgoingNotice, SendResult } from './ports'

/** Stands where no vendor is configured: logs which notice would have been sent, by its code, and fails for good. */
export function createUnconfiguredChannel(channel: Channel, logger: Logger) {
  return {
    send({ noticeId, noticeCode }: OutgoingNotice): Promise<SendResult> {
      logger.info({ channel, notice_id: noticeId, notice_code: noticeCode }, 'not sent: no vendor for this channel')
      return Promise.resolve({ state: 'failed', code: 'CHANNEL_NOT_CONFIGURED', permanent: true })
    },
  }
}
