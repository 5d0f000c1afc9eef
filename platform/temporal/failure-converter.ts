import { DefaultFailureConverter } from '@temporalio/common'

/**
 * Moves the message and the stack of every failure into a payload, which the codec encrypts: what the history shows in
 * clear is `Encoded failure`. Loaded by its path in the client, the worker and the workflow bundle; the three must agree.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true })
