import { z } from 'zod'
import { openApiOf } from './openapi'
import { defineRoute } from './route'

const upload = { maxBytes: 10, kinds: ['image'] } as const
const about = {
  path: '/api/things/',
  permission: 'message:use',
  summary: 'Things',
  tags: ['Things'],
  errors: [],
  handler: () => Promise.reject(new Error('nobody asks')),
} as const

describe('a declaration', () => {
  it('of an upload is a POST with a file beside its fields', () => {
    const body = z.strictObject({ note: z.string().optional() })
    const route = defineRoute({ ...about, method: 'post', upload, body })
    const document = openApiOf([route], '1') as { paths: Record<string, { post: Record<string, unknown> }> }
    const { requestBody, responses } = document.paths['/api/things/']?.post ?? {}
    expect(requestBody).toMatchObject({
      required: true,
      content: {
        'multipart/form-data': {
          schema: {
            properties: { note: { type: 'string' }, file: { type: 'string', format: 'binary' } },
            required: ['file'],
            additionalProperties: false,
          },
          encoding: { file: { contentType: 'image/jpeg, image/png, image/webp, image/gif, image/heic, image/heif' } },
        },
      },
    })
    expect(Object.keys(responses ?? {})).toEqual(expect.arrayContaining(['204', '413', '415']))
    expect(() => defineRoute({ ...about, method: 'patch', upload })).toThrow('by POST')
    const taken = z.strictObject({ file: z.string() })
    expect(() => defineRoute({ ...about, method: 'post', upload, body: taken })).toThrow('a field of its own')
  })

  it('of a download says the types that it gives out, and nothing beside', () => {
    const route = defineRoute({ ...about, method: 'get', download: ['image/png'] })
    const document = openApiOf([route], '1') as { paths: Record<string, { get: Record<string, unknown> }> }
    expect(document.paths['/api/things/']?.get['responses']).toMatchObject({
      200: { content: { 'image/png': { schema: { type: 'string', format: 'binary' } } } },
    })
    expect(() => defineRoute({ ...about, method: 'post', download: ['image/png'] })).toThrow('a file is got')
  })
})
