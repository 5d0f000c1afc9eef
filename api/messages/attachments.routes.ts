import { recordUpload } from '../../acts/messages/record-upload'
import { FILE_KINDS, mediaTypesOf } from '../../domain/file-types'
import { idParams } from '../fields'
import { defineRoute, type Route } from '../route'
import { readAttachment, readUpload } from './messages.reads'
import { uploadSchema } from './messages.schemas'

const tags = ['Messages']
const ATTACHMENT_BYTES = 20 * 1024 * 1024

const upload = defineRoute({
  method: 'post',
  path: '/api/messages/attachments/',
  permission: 'message:use',
  summary: 'Upload a file, to be sent with a message',
  description:
    'Images, sound and PDF; what it is shows its content, not its name. It is kept sealed, is yours alone until you send it, and is deleted when you have not sent it within a day.',
  tags,
  upload: { maxBytes: ATTACHMENT_BYTES, kinds: FILE_KINDS },
  status: 201,
  response: uploadSchema,
  errors: [],
  idempotent: true,
  async handler({ file, actor, by }, { acts }) {
    await recordUpload(acts, file, by)
    file.keep()
    return readUpload(acts, actor, file.id)
  },
  replay: ({ actor }, id, { acts }) => readUpload(acts, actor, id),
})

const download = defineRoute({
  method: 'get',
  path: '/api/messages/:id/attachment/',
  permission: 'message:use',
  summary: 'The file of a message',
  description: 'For whoever may read the message. Each look of dispatch is logged.',
  tags,
  params: idParams,
  download: mediaTypesOf(FILE_KINDS),
  errors: ['MESSAGE_NOT_FOUND', 'ATTACHMENT_NOT_FOUND', 'ACCESS_ENDED'],
  handler: async ({ params, actor }, { acts, files }) => readAttachment({ ...acts, files }, actor, params.id),
})

/** Files that messages carry. */
export const attachmentRoutes: readonly Route[] = [upload, download]
