import { defineSignal } from '@temporalio/workflow'

/** The one argument of `noticeWorkflow`. */
export interface NoticeInput {
  readonly noticeId: string
}

export const NOTICE_WORKFLOW = 'noticeWorkflow'
/** The workflow id of a notice's sending. */
export const noticeWorkflowId = (noticeId: string): string => `notice:${noticeId}`

/** There may be news in the record: a receipt, or somebody has waited in vain. It says nothing but to look. */
export const lookSignal = defineSignal('look')
