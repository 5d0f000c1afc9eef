import { startFake, type FakeVendor, type Got, type Reply } from './vendor'

/** Another system that takes webhooks: 204 unless it was told what to answer next. */
export interface FakeReceiver extends FakeVendor {
  /** What it answers to the next requests, in order. */
  readonly answers: Reply[]
  /** Answers to everything, once `answers` is empty. */
  usually: Reply
}

export async function startReceiver(tls?: { readonly key: string; readonly cert: string }): Promise<FakeReceiver> {
  const receiver: FakeReceiver = Object.assign(
    await startFake(
      (_request, mood) => (mood === 'accepts' ? (receiver.answers.shift() ?? receiver.usually) : undefined),
      tls,
    ),
    { answers: [], usually: { status: 204 } },
  )
  return receiver
}

/** The headers of Standard Webhooks that came, as its library reads them. */
export const signedHeadersOf = ({ headers }: Got): Record<string, string> =>
  Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(name => [name, String(headers[name])]),
  )
