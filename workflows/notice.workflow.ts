import { isCancellation } from '@temporalio/workflow'
import type { Channel } from '../domain/policy'
import type { NoticeInput } from './contracts/notice'
import { giveUpNotice, planNotice, sendNotice } from './proxies'

/** Sends one notice by every channel it is meant for; what became of each attempt stands in the record. */
export async function noticeWorkflow({ noticeId }: NoticeInput): Promise<void> {
  const channels = await planNotice({ noticeId })
  await Promise.all(channels.map(channel => sendBy(channel, noticeId)))
}

async function sendBy(channel: Channel, noticeId: string): Promise<void> {
  try {
    await sendNotice.executeWithOptions({ summary: `by ${channel}` }, [{ noticeId, channel }])
  } catch (error) {
    if (isCancellation(error)) throw error
    await giveUpNotice({ noticeId, channel })
  }
}
