import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Reply, Someone } from '../../test/harness/api'
import { eventually } from '../../test/harness/eventually'
import { newId } from '../../platform/ids'
import { sweepUploads } from './stale-uploads'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())

const db = () => people.api.database.db
const text = (value: string): Buffer => Buffer.from(value, 'latin1')
const rest = randomBytes(6_000)

/** The beginning of a file of each type that is taken. */
const SAMPLES: [name: string, content: Buffer, contentType: string, kind: string][] = [
  ['a.jpg', text('\xff\xd8\xff\xe0\x00\x10JFIF\x00'), 'image/jpeg', 'image'],
  [
    'a.png',
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    ),
    'image/png',
    'image',
  ],
  ['a.webp', text('RIFF\x24\x00\x00\x00WEBPVP8 '), 'image/webp', 'image'],
  ['a.gif', text('GIF89a\x01\x00\x01\x00'), 'image/gif', 'image'],
  ['a.heic', text('\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic'), 'image/heic', 'image'],
  ['a.mp3', text('ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x64'), 'audio/mpeg', 'audio'],
  ['a.m4a', text('\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42'), 'audio/mp4', 'audio'],
  // So a recording begins that an Android phone makes.
  ['b.m4a', text('\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42'), 'audio/mp4', 'audio'],
  [
    'a.ogg',
    text(
      'OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead\x01',
    ),
    'audio/ogg',
    'audio',
  ],
  [
    'a.webm',
    Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806701', 'hex'),
    'audio/webm',
    'audio',
  ],
  ['a.wav', text('RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00'), 'audio/wav', 'audio'],
  ['a.flac', text('fLaC\x00\x00\x00\x22'), 'audio/flac', 'audio'],
  ['a.pdf', text('%PDF-1.7\n1 0 obj\n'), 'application/pdf', 'document'],
]
const PNG = SAMPLES[1]?.[1] ?? Buffer.alloc(0)
const PDF = Buffer.concat([text('%PDF-1.7\n'), rest])

function form(content: Buffer, name = 'a.png', more: Record<string, string> = {}): FormData {
  const filled = new FormData()
  for (const [field, value] of Object.entries(more)) filled.append(field, value)
  filled.append('file', new Blob([Uint8Array.from(content)]), name)
  return filled
}
const upload = (body: FormData, by: Someone, headers?: Record<string, string>): Promise<Reply> =>
  people.post('/api/messages/attachments/', body, by, headers)
const send = (body: object, by: Someone): Promise<Reply> => people.post('/api/messages/', body, by)
const download = (messageId: string, by: Someone, method = 'GET'): Promise<Response> =>
  fetch(`${people.api.url}/api/messages/${messageId}/attachment/`, {
    method,
    headers: { authorization: `Bearer ${by.access}` },
  })
const filesOnDisk = (): string[] =>
  readdirSync(people.api.filesDir, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))

async function accepted(): Promise<{ incident: string; provider: Someone }> {
  const provider = await people.onlyProvider({ capacity: 9 })
  const { id } = await people.report()
  await people.post(`/api/incidents/${id}/accept/`, {}, provider)
  return { incident: id, provider }
}

/** A message with a file of this content. */
async function sent(content: Buffer, name: string, message_type: string): Promise<Reply['body']> {
  const { incident, provider } = await accepted()
  const { id } = (await upload(form(content, name), provider)).body
  const reply = await send({ incident, message_type, attachment: id }, provider)
  expect(reply.status).toBe(201)
  return { ...reply.body, provider }
}

describe('uploading', () => {
  it.each(SAMPLES)('takes %s for what it shows', async (name, content, contentType, kind) => {
    const body = Buffer.concat([content, rest])
    const reply = await upload(form(body, name), people.survivor)
    expect(reply.status).toBe(201)
    expect(reply.body).toEqual({
      id: expect.any(String),
      file_name: name,
      content_type: contentType,
      kind,
      size: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
      created_at: expect.any(String),
    })
  })

  it('takes nothing else, whatever its name says, and leaves nothing of it', async () => {
    const before = filesOnDisk().length
    const notTaken = [
      text('MZ\x90\x00\x03'),
      text('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      text('PK\x03\x04'),
      text('hi'),
    ]
    for (const content of notTaken) {
      const small = await upload(form(content), people.survivor)
      const large = await upload(form(Buffer.concat([content, rest])), people.survivor)
      for (const reply of [small, large])
        expect([reply.status, reply.body.code]).toEqual([415, 'FILE_TYPE_NOT_SUPPORTED'])
    }
    const empty = await upload(form(Buffer.alloc(0)), people.survivor)
    expect([empty.status, empty.body.errors]).toMatchObject([400, [{ path: 'body.file', code: 'empty' }]])
    expect((await upload(new FormData(), people.survivor)).status).toBe(400)
    const elsewhere = new FormData()
    elsewhere.append('picture', new Blob([Uint8Array.from(PNG)]), 'a.png')
    expect((await upload(elsewhere, people.survivor)).body.errors).toMatchObject([{ code: 'unknown_field' }])
    const two = form(PNG)
    two.append('file', new Blob([Uint8Array.from(PNG)]), 'b.png')
    expect((await upload(two, people.survivor)).status).toBe(400)
    const fields = await upload(form(PNG, 'a.png', { colour: 'red' }), people.survivor)
    expect(fields.body.errors).toMatchObject([{ path: 'body.colour', code: 'unknown_field' }])
    const asJson = await people.post('/api/messages/attachments/', { file: 'x' }, people.survivor)
    expect(asJson.body.code).toBe('MEDIA_TYPE_NOT_SUPPORTED')
    expect(filesOnDisk()).toHaveLength(before)
  })

  it('answers a form that cannot be read', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    for (const body of [
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
      'nothing',
      '',
    ]) {
      const reply = await people.api.call('POST', '/api/messages/attachments/', {
        token: people.survivor.access,
        body,
        headers,
      })
      expect([400, 415]).toContain(reply.status)
    }
    expect((await people.api.call('POST', '/api/messages/attachments/', { body: '{}' })).status).toBe(401)
  })

  it('takes 20 MB and not one byte more, and leaves nothing of a larger one', async () => {
    const before = filesOnDisk().length
    const full = Buffer.concat([PDF, Buffer.alloc(20 * 1024 * 1024 - PDF.length)])
    expect((await upload(form(full, 'full.pdf'), people.survivor)).body.size).toBe(20 * 1024 * 1024)
    const reply = await upload(form(Buffer.concat([full, text('!')]), 'more.pdf'), people.survivor)
    expect([reply.status, reply.body.code]).toEqual([413, 'FILE_TOO_LARGE'])
    expect(filesOnDisk()).toHaveLength(before + 1)
  })

  it('leaves nothing of an upload that breaks off', async () => {
    const before = filesOnDisk().length
    const { port } = new URL(people.api.url)
    const half = request({
      port,
      method: 'POST',
      path: '/api/messages/attachments/',
      headers: {
        authorization: `Bearer ${people.survivor.access}`,
        'content-type': 'multipart/form-data; boundary=x',
        'content-length': 1_000_000,
      },
    })
    half.on('error', () => undefined)
    half.write('--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n')
    half.write(Buffer.concat([PNG, rest]))
    await eventually(async () => filesOnDisk().length > before)
    half.destroy()
    await eventually(async () => filesOnDisk().length === before)
    await eventually(async () =>
      people.api.log.some(line => line['route'] === '/api/messages/attachments/' && line['finished'] === false),
    )
  })

  it('keeps names of every writing, and none that deceives', async () => {
    const named = async (name: string) => (await upload(form(PNG, name), people.survivor)).body.file_name
    expect(await named('Picha ya jeraha – รูป.png')).toBe('Picha ya jeraha – รูป.png')
    expect(await named('../../etc/passwd')).toBe('passwd')
    expect(await named('invoice\u202egnp.exe')).toBe('invoicegnp.exe')
    expect(await named('ü'.repeat(300))).toBe('ü'.repeat(200))
  })

  it('keeps one file under a key, also when the answer was lost', async () => {
    const headers = { 'idempotency-key': newId() }
    const before = filesOnDisk().length
    const first = await upload(form(PNG), people.survivor, headers)
    expect((await upload(form(PNG), people.survivor, headers)).body).toEqual(first.body)
    await db()('idempotency_keys').where({ effect: first.body.id }).update({ status: null, answer: null })
    expect((await upload(form(PNG), people.survivor, headers)).body).toEqual(first.body)
    expect((await upload(form(PDF), people.survivor, headers)).body.code).toBe('IDEMPOTENCY_KEY_REUSED')
    expect(filesOnDisk()).toHaveLength(before + 1)
  })
})

describe('sending a file', () => {
  it('comes back byte by byte, to be saved, to all who may read the message', async () => {
    const content = Buffer.concat([PNG, randomBytes(200_000)])
    const message = await sent(content, 'Picha – 1.png', 'image')
    expect(message).toMatchObject({
      content: '',
      message_type: 'image',
      attachment: { file_name: 'Picha – 1.png', content_type: 'image/png', size: content.length },
    })
    for (const by of [people.survivor, message.provider, people.dispatcher]) {
      const reply = await download(message.id, by)
      expect(reply.status).toBe(200)
      expect(Object.fromEntries(reply.headers)).toMatchObject({
        'content-type': 'image/png',
        'content-length': String(content.length),
        'content-disposition': `attachment; filename="Picha ? 1.png"; filename*=UTF-8''Picha%20%E2%80%93%201.png`,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store, no-transform',
      })
      expect(Buffer.from(await reply.arrayBuffer()).equals(content)).toBe(true)
    }
    const looks = await db()('access_log').where({ incident_id: message.incident, what: 'attachment.read' })
    expect(looks).toMatchObject([{ actor_id: people.dispatcher.id }])
    const head = await download(message.id, people.survivor, 'HEAD')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(content.length),
      '',
    ])
  })

  it('goes with its type of message, once, by whoever uploaded it', async () => {
    const { incident, provider } = await accepted()
    const of = async (content: Buffer, by = provider): Promise<string> => (await upload(form(content), by)).body.id
    const [image, sound, paper] = [await of(PNG), await of(SAMPLES[5]?.[1] ?? PNG), await of(PDF)]
    const attach = (message_type: string, attachment: string, by = provider) =>
      send({ incident, message_type, attachment, content: 'look' }, by)
    for (const [type, id] of [
      ['audio', image],
      ['image', sound],
      ['audio', paper],
    ] as const)
      expect((await attach(type, id)).body.errors).toMatchObject([{ path: 'body.message_type' }])
    expect((await attach('image', image, people.survivor)).body.code).toBe('ATTACHMENT_NOT_FOUND')
    expect((await attach('image', newId())).body.code).toBe('ATTACHMENT_NOT_FOUND')
    const races = await Promise.all([attach('image', image), attach('file', image)])
    expect(races.map(reply => reply.status).toSorted()).toEqual([201, 404])
    expect((await attach('audio', sound)).status).toBe(201)
    expect((await attach('file', paper)).status).toBe(201)
    const { body } = await people.get(
      `/api/messages/?conversation_id=${races[0]?.body.conversation_id ?? races[1]?.body.conversation_id}`,
      people.survivor,
    )
    expect(body.count).toBe(3)
  })

  it('has none to give where there is none', async () => {
    const { incident, provider } = await accepted()
    const { id } = (await send({ incident, content: 'text' }, provider)).body
    expect((await people.get(`/api/messages/${id}/attachment/`, provider)).body.code).toBe('ATTACHMENT_NOT_FOUND')
  })

  it('gives out nothing false: a file that was changed on the disk ends the answer', async () => {
    const message = await sent(Buffer.concat([PNG, randomBytes(300_000)]), 'a.png', 'image')
    const path = filesOnDisk().find(each => each.endsWith(message.attachment.id)) ?? ''
    const stored = readFileSync(path)
    stored[250_000] = (stored[250_000] ?? 0) ^ 1
    writeFileSync(path, stored)
    const broken = download(message.id, people.survivor).then(reply => reply.arrayBuffer())
    await expect(broken).rejects.toThrow()
    const said = await eventually(async () => people.api.log.find(line => line['msg'] === 'a request failed'))
    people.api.log.splice(people.api.log.indexOf(said), 1)
  })
})

describe('what was never sent', () => {
  it('is swept after a day, file and row; what was sent or is young stays', async () => {
    const message = await sent(PNG, 'kept.png', 'image')
    const [old, young] = [
      (await upload(form(PDF), people.survivor)).body.id,
      (await upload(form(PDF), people.survivor)).body.id,
    ]
    await db()('attachments')
      .whereIn('id', [old, message.attachment.id])
      .update({ created_at: new Date(0) })
    const { acts, files } = people.api.deps
    expect(await sweepUploads({ ...acts, files })).toBe(1)
    const names = filesOnDisk().map(path => path.slice(-36))
    expect(names).toContain(message.attachment.id)
    expect(names).toContain(young)
    expect(names).not.toContain(old)
    expect(await db()('attachments').whereIn('id', [old, young, message.attachment.id]).pluck('id')).toHaveLength(2)
    const { incident } = message
    expect((await send({ incident, message_type: 'file', attachment: old }, people.survivor)).status).toBe(404)
    expect(await sweepUploads({ ...acts, files })).toBe(0)
  })
})

test('no planted word is to be read in the database or on the disk', async () => {
  const words = ['canaryContent', 'canaryClient', 'canaryFileName', 'canaryInside'].map(
    word => `${word}${newId().slice(-6)}`,
  )
  const [content = '', client_id = '', fileName = '', inside = ''] = words
  const { incident, provider } = await accepted()
  const { id } = (await upload(form(Buffer.concat([PDF, text(inside)]), `${fileName}.pdf`), provider)).body
  const headers = { 'idempotency-key': newId() }
  const body = { incident, message_type: 'file', attachment: id, content, client_id }
  const reply = await people.post('/api/messages/', body, provider, headers)
  expect(JSON.stringify(reply.body)).toContain(content)
  const waiting = form(Buffer.concat([PDF, text(inside)]), `${fileName}.pdf`)
  expect((await upload(waiting, provider)).status).toBe(201)

  const dump = await everyRow()
  expect(dump).toContain(reply.body.id)
  const stored = filesOnDisk().map(path => readFileSync(path))
  expect(stored.length).toBeGreaterThan(1)
  for (const word of words) {
    expect(dump).not.toContain(word)
    expect(dump).not.toContain(Buffer.from(word).toString('base64').replace(/=+$/, '').slice(0, -1))
    expect(stored.filter(file => file.includes(word))).toEqual([])
    expect(filesOnDisk().filter(path => path.includes(word))).toEqual([])
    expect(JSON.stringify(people.api.log)).not.toContain(word)
  }
})

/** Every row of every table, as text. */
async function everyRow(): Promise<string> {
  const { rows: tables } = await db().raw<{ rows: { name: string }[] }>(
    `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
  )
  const parts: string[] = []
  for (const { name } of tables) {
    const { rows } = await db().raw<{ rows: { row: string }[] }>(`select t::text as row from ${name} t`)
    parts.push(...rows.map(each => each.row))
  }
  return parts.join('\n')
}
