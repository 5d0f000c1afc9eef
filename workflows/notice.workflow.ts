import { condition, continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow'
import { lookSignal, type NoticeInput } from './contracts/notice'
import { stepNotice } from './proxies'

/**
 * Has a notice sent: whatever is due is done by one step on the record, which says when to look again, until nothing is left.
 * Level-triggered: started at any moment it goes on from the record, and carries nothing that the record does not.
 */
export async function noticeWorkflow({ noticeId }: NoticeInput): Promise<void> {
  let news = 0
  setHandler(lookSignal, () => void (news += 1))
  for (;;) {
    const seen = news
    const { next_look_ms, why } = await stepNotice({ noticeId, at: Date.now() })
    setCurrentDetails(why)
    const isNews = (): boolean => news !== seen
    if (next_look_ms === null && !isNews()) return
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof noticeWorkflow>({ noticeId })
    if (next_look_ms !== null) await condition(isNews, next_look_ms, { summary: why })
  }
}
