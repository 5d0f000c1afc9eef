import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { generateVAPIDKeys } from 'web-push'
import { startFakeAfricasTalking } from '../fakes/africas-talking'
import { startFakeExpo } from '../fakes/expo'
import { startFakeFcm } from '../fakes/fcm'
import { startFakeTwilio } from '../fakes/twilio'
import { formOf, jsonOf, type FakeVendor, type Got } from '../fakes/vendor'
import { startFakeWebPush } from '../fakes/web-push'
import { startReceiver } from '../fakes/webhook-receiver'

/** The words of a vendor's or a receiver's own that its fake says when it refuses: they may repeat what they were given. */
export const VENDORS_WORDS = ['about amina went wrong', 'number of amina is not valid', 'PushToken[amina]']

export const SENDERS = ['email', 'twilio', 'africasTalking', 'expo', 'fcm', 'webPush', 'webhook'] as const
export type Sender = (typeof SENDERS)[number]

/** What somebody outside got, opened and decoded: the address that brought it there, and everything else. */
export interface Caught {
  readonly sender: Sender
  readonly address: string
  readonly rest: string
}

interface Mail {
  readonly to: string
  readonly raw: string
}

type Fakes = Readonly<Record<Exclude<Sender, 'email'>, FakeVendor>>

/** Everything that leaves the product, caught where its vendors stand. */
export class Senders {
  readonly mails: Mail[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'kesi-canary-'))
  readonly #vapid = generateVAPIDKeys()
  readonly #smtp = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    authOptional: true,
    onData: (stream, session, done) => {
      const take = (raw: string): void => {
        this.mails.push({ raw, to: session.envelope.rcptTo.map(({ address }) => address).join() })
        done()
      }
      // A worker that ends in the middle of a mail sends it again when it is back.
      void text(stream).then(take, () => undefined)
    },
  })

  private constructor(
    readonly fakes: Fakes,
    readonly fcm: Awaited<ReturnType<typeof startFakeFcm>>,
    readonly browser: Awaited<ReturnType<typeof startFakeWebPush>>,
    readonly receiver: Awaited<ReturnType<typeof startReceiver>>,
  ) {}

  static async start(): Promise<Senders> {
    const [twilio, africasTalking, expo] = [startFakeTwilio(), startFakeAfricasTalking(), startFakeExpo()]
    const [fcm, webPush, webhook] = await Promise.all([startFakeFcm(), startFakeWebPush(), startReceiver()])
    const fakes = {
      twilio: await twilio,
      africasTalking: await africasTalking,
      expo: await expo,
      fcm,
      webPush,
      webhook,
    }
    const senders = new Senders(fakes, fcm, webPush, webhook)
    senders.#smtp.on('error', () => undefined)
    senders.#smtp.listen(0, '127.0.0.1')
    await once(senders.#smtp.server, 'listening')
    return senders
  }

  readonly twilioToken = 'the-token-of-twilio'
  readonly reportSecret = 'the-secret-end-of-an-address'

  /** The settings by which the product speaks to them; Firebase is spoken to by settings of no process but the test's. */
  get env(): Record<string, string> {
    const authorities = join(this.#folder, 'authorities.pem')
    writeFileSync(authorities, this.browser.ca)
    const { port } = this.#smtp.server.address() as AddressInfo
    const { twilio, africasTalking, expo } = this.fakes
    return {
      KESI_SMTP_URL: `smtp://127.0.0.1:${port}`,
      KESI_AFRICAS_TALKING_USERNAME: 'sandbox',
      KESI_AFRICAS_TALKING_API_KEY: 'the-key-of-a-vendor',
      KESI_AFRICAS_TALKING_RECEIPT_SECRET: this.reportSecret,
      KESI_AFRICAS_TALKING_URL: africasTalking.url,
      KESI_TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
      KESI_TWILIO_AUTH_TOKEN: this.twilioToken,
      KESI_TWILIO_FROM: '+15005550006',
      KESI_TWILIO_URL: twilio.url,
      KESI_EXPO_PUSH: 'on',
      KESI_EXPO_URL: expo.url,
      KESI_VAPID_PUBLIC_KEY: this.#vapid.publicKey,
      KESI_VAPID_PRIVATE_KEY: this.#vapid.privateKey,
      KESI_VAPID_SUBJECT: 'mailto:ops@example.org',
      KESI_PRIVATE_ADDRESSES: 'allowed',
      NODE_EXTRA_CA_CERTS: authorities,
    }
  }

  /** How much each has got so far. */
  get counts(): Record<Sender, number> {
    const counted = SENDERS.map(sender => [
      sender,
      sender === 'email' ? this.mails.length : this.fakes[sender].got.length,
    ])
    return Object.fromEntries(counted) as Record<Sender, number>
  }

  async caught(): Promise<Caught[]> {
    const requests = Object.entries(this.fakes).flatMap(([sender, { got }]) =>
      got.map(each => this.#request(sender as keyof Fakes, each)),
    )
    return [...requests, ...(await Promise.all(this.mails.map(opened)))]
  }

  #request(sender: keyof Fakes, got: Got): Caught {
    const [address, inner] = this.#parts(sender, got)
    const path = address === got.path ? '' : got.path
    return { sender, address, rest: `${got.method} ${path} ${JSON.stringify(got.headers)} ${inner}` }
  }

  /** The address, which stands where that vendor wants it, and what else was in the body. */
  #parts(sender: keyof Fakes, got: Got): [address: string, inner: string] {
    switch (sender) {
      case 'twilio':
      case 'africasTalking': {
        const { To, to = To ?? '', ...form } = formOf(got)
        return [to, JSON.stringify(form)]
      }
      case 'expo': {
        const { to, ...push } = jsonOf(got) as { to: string }
        return [to, JSON.stringify(push)]
      }
      case 'fcm': {
        const { message, ...more } = jsonOf(got) as { message: { token: string } }
        const { token, ...push } = message
        return [token, JSON.stringify([push, more])]
      }
      case 'webPush':
        return [got.path, `${got.body.toString('latin1')} ${JSON.stringify(this.browser.open(got))}`]
      case 'webhook':
        return [got.path, got.body.toString()]
    }
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.fakes).map(fake => fake.stop()))
    await new Promise<void>(resolve => this.#smtp.close(resolve))
    rmSync(this.#folder, { recursive: true })
  }
}

/** The link for a new password is for whoever reads the mail, as its address is. */
const LINK = /\/reset\/\?token=[\w-]+/g

/** A mail with all its parts decoded: as it lies on the wire, lines are broken and letters written in other ways. */
async function opened({ to, raw }: Mail): Promise<Caught> {
  const { headers, subject, text: plain = '', html = '', attachments } = await PostalMime.parse(raw)
  const words = [subject, plain, html].join('\n')
  const others = headers.filter(({ key }) => key !== 'to')
  return {
    sender: 'email',
    address: [
      to,
      ...headers.filter(({ key }) => key === 'to').map(({ value }) => value),
      ...(words.match(LINK) ?? []),
    ].join(' '),
    rest: `${JSON.stringify(others)} ${words.replaceAll(LINK, '')} ${JSON.stringify(attachments)}`,
  }
}
