import type { DataConverter } from '@temporalio/common'
import type { KeyRing } from '../keyring'
import { createPayloadCodec } from './codec'

/** The module that `bundleWorkflowCode` needs too, for the workflow's side of the failures. */
export const failureConverterPath = require.resolve('./failure-converter')

/** How payloads and failures are written for Temporal: encrypted when the configuration has codec keys. */
export function dataConverter({ codecKeys }: { readonly codecKeys: KeyRing | undefined }): DataConverter {
  return { failureConverterPath, payloadCodecs: codecKeys === undefined ? [] : [createPayloadCodec(codecKeys)] }
}
