/** The one argument of `noticeWorkflow`. */
export interface NoticeInput {
  readonly noticeId: string
}

export const NOTICE_WORKFLOW = 'noticeWorkflow'
/** The workflow id of a notice's sending. */
export const noticeWorkflowId = (noticeId: string): string => `notice:${noticeId}`
