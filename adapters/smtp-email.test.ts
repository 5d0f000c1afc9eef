import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { createSmtpEmail, type SmtpEmail } from './smtp-email'

const refuse = (responseCode: number) => Object.assign(new Error('said by the server about amina'), { responseCode })

describe('against a mail server', () => {
  const received: { raw: string; to: string[] }[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    onAuth: (_auth, _session, done) => done(refuse(535)),
    onRcptTo({ address }, _session, done) {
      const code = /^refused-(\d+)@/.exec(address)?.[1]
      done(code === undefined ? null : refuse(Number(code)))
    },
    onData(stream, session, done) {
      void text(stream).then(raw => {
        received.push({ raw, to: session.envelope.rcptTo.map(({ address }) => address) })
        done()
      })
    },
  })
  const opened: SmtpEmail[] = []
  let host: string

  function mailer(login = ''): SmtpEmail {
    const made = createSmtpEmail({ url: `smtp://${login}${host}`, from: 'Notices <notices@example.org>' })
    opened.push(made)
    return made
  }

  const notice = {
    noticeId: '018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f',
    noticeCode: 'OFFER',
    subject: 'Nouveau ✓',
    text: 'ใหม่',
  }

  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server.server, 'listening')
    host = `127.0.0.1:${(server.server.address() as AddressInfo).port}`
  })
  beforeEach(() => void (received.length = 0))
  afterAll(async () => {
    opened.forEach(made => made.close())
    await new Promise<void>(resolve => server.close(resolve))
  })

  test('a notice arrives as it was written, always under the same Message-ID', async () => {
    const email = mailer()
    const results = [
      await email.send({ ...notice, to: 'a@example.org' }),
      await email.send({ ...notice, to: 'a@example.org' }),
    ]
    const vendor_id = `<${notice.noticeId}@kesi>`
    expect(results).toEqual(Array(2).fill({ state: 'handed_over', vendor: 'smtp', vendor_id }))
    const [first, second] = await Promise.all(received.map(({ raw }) => PostalMime.parse(raw)))
    expect(first).toMatchObject({
      from: { name: 'Notices', address: 'notices@example.org' },
      to: [{ address: 'a@example.org' }],
      subject: 'Nouveau ✓',
      messageId: vendor_id,
    })
    expect(first?.text?.trim()).toBe('ใหม่')
    expect(second?.messageId).toBe(vendor_id)
  })

  test('readers of HTML get the same words and a link, and nothing that tells that they read it', async () => {
    const text = 'Here is <a link> & more.\n\nhttps://cases.example.org/reset/?token=abc\n\nTwo\nlines'
    await mailer().send({ ...notice, to: 'a@example.org', text })
    const { text: plain, html } = await PostalMime.parse(received[0]?.raw ?? '')
    expect(plain?.trim()).toBe(text)
    const link = 'https://cases.example.org/reset/?token=abc'
    expect(html?.trim()).toBe(
      '<!doctype html><html><head><meta charset="utf-8"></head><body>' +
        `<p>Here is &lt;a link&gt; &amp; more.</p><p><a href="${link}">${link}</a></p><p>Two<br>lines</p></body></html>`,
    )
    expect(html).not.toMatch(/<img|<link|<script|<style|src=/)
  })

  test('the headers name neither this machine nor the software', async () => {
    await mailer().send({ ...notice, to: 'a@example.org' })
    const [head = ''] = (received[0]?.raw ?? '').split('\r\n\r\n', 1)
    const names = [...head.matchAll(/^([A-Za-z-]+):/gm)].map(([, name]) => name)
    expect(names.sort()).toEqual(
      ['Auto-Submitted', 'Content-Type', 'Date', 'From', 'MIME-Version', 'Message-ID', 'Subject', 'To'].sort(),
    )
  })

  test('a subject cannot smuggle in a header, nor an address a second recipient', async () => {
    const email = mailer()
    await email.send({ ...notice, to: 'a@example.org', subject: 'New\r\nBcc: b@example.org' })
    await email.send({ ...notice, to: 'a@example.org, b@example.org' })
    await email.send({ ...notice, to: 'a@example.org\r\nRCPT TO:<b@example.org>' })
    expect(received.flatMap(({ to }) => to)).not.toContain('b@example.org')
    expect(received[0]?.raw).not.toMatch(/^Bcc:/m)
  })

  test.each([
    [550, true],
    [554, true],
    [450, false],
    [421, false],
  ])('a recipient refused with %i is refused for good: %p', async (code, permanent) => {
    expect(await mailer().send({ ...notice, to: `refused-${code}@example.org` })).toEqual({
      state: 'failed',
      code: `SMTP_${code}`,
      permanent,
    })
  })

  test('no address at all is refused for good', async () => {
    expect(await mailer().send({ ...notice, to: '' })).toEqual({
      state: 'failed',
      code: 'SMTP_ADDRESS_INVALID',
      permanent: true,
    })
  })

  test('a refused log-in is worth another try', async () => {
    expect(await mailer('me:wrong@').send({ ...notice, to: 'a@example.org' })).toEqual({
      state: 'failed',
      code: 'SMTP_LOGIN_REFUSED',
      permanent: false,
    })
  })
})

test('a server that is not there is worth another try', async () => {
  const email = createSmtpEmail({ url: 'smtp://127.0.0.1:1', from: 'notices@localhost' })
  expect(
    await email.send({ noticeId: 'n', noticeCode: 'OFFER', to: 'a@example.org', subject: 's', text: 't' }),
  ).toEqual({
    state: 'failed',
    code: expect.stringMatching(/^SMTP_E[A-Z]+$/),
    permanent: false,
  })
  email.close()
})
