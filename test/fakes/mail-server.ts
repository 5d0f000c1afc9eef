import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import type { Mood } from './vendor'

/** An e-mail, as it came, and the mood that it found. */
export interface Mail {
  readonly to: string
  readonly messageId: string
  readonly mood: Mood
}

/** A mail server that takes everything, unless its `whim` says `breaks` (451) or `hangs`. */
export interface FakeMailServer {
  readonly url: string
  /** Everything that came, in order. */
  readonly got: Mail[]
  whim?: () => Mood
  stop(): Promise<void>
}

export async function startFakeMailServer(): Promise<FakeMailServer> {
  const got: Mail[] = []
  const fake: Pick<FakeMailServer, 'whim'> = {}
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    authOptional: true,
    onData(stream, session, done) {
      const take = (raw: string): void => {
        const mood = fake.whim?.() ?? 'accepts'
        const to = session.envelope.rcptTo.map(({ address }) => address).join()
        got.push({ to, messageId: /^Message-ID: (.*)$/im.exec(raw)?.[1]?.trim() ?? '', mood })
        if (mood === 'accepts') done()
        else if (mood !== 'hangs') done(Object.assign(new Error('later'), { responseCode: 451 }))
      }
      // A client that goes away in the middle of its e-mail is none of the server's concern.
      void text(stream).then(take, () => undefined)
    },
  })
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return Object.assign(fake, {
    url: `smtp://127.0.0.1:${port}`,
    got,
    stop: () => new Promise<void>(resolve => server.close(() => resolve())),
  })
}
