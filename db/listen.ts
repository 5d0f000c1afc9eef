import pg from 'pg'
import type { Logger } from '../platform/logger'
import { NEWS_CHANNEL } from './nudge'

/** Something that listens until it is stopped. */
export interface Listening {
  stop(): Promise<void>
}

export interface ListenOptions {
  readonly url: string
  /** Shown in `pg_stat_activity`. */
  readonly name: string
  readonly logger: Logger
  /** The channel; that of all news unless said otherwise. */
  readonly channel?: string
}

const AGAIN_MS = 1_000
/** A connection that died without a word is noticed by a question that stays unanswered. */
const ASKED_EVERY_MS = 15_000

/**
 * Calls `onNews` whenever something is said on the channel, with what was said, and once after every connection, for something may
 * have been missed before. Connects again by itself, for as long as it is not stopped.
 */
export function startListening(
  { url, name, logger, channel = NEWS_CHANNEL }: ListenOptions,
  onNews: (payload: string) => void,
): Listening {
  const ending = new AbortController()
  let current: pg.Client | undefined
  const running = (async () => {
    while (!ending.signal.aborted) {
      const client = new pg.Client({ connectionString: url, application_name: name, connectionTimeoutMillis: 5_000 })
      current = client
      try {
        await listenUntilLost(client, channel, onNews)
      } catch (error) {
        if (!ending.signal.aborted) logger.warn({ err: error, channel }, 'the ear on the database was lost')
      }
      await client.end().catch(() => undefined)
      if (!ending.signal.aborted) await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
    }
  })()
  return {
    async stop() {
      ending.abort()
      await current?.end().catch(() => undefined)
      await running
    },
  }
}

/** Resolves never; rejects when the connection is lost, or does not answer. */
function listenUntilLost(client: pg.Client, channel: string, onNews: (payload: string) => void): Promise<never> {
  return new Promise((_, reject) => {
    const asking = setInterval(ask, ASKED_EVERY_MS)
    let isAnswered = true
    const lose = (error: Error): void => {
      clearInterval(asking)
      reject(error)
    }
    client.on('error', lose)
    client.on('end', () => lose(new Error('the connection ended')))
    client.on('notification', ({ payload }) => onNews(payload ?? ''))
    client
      .connect()
      .then(() => client.query(`listen ${client.escapeIdentifier(channel)}`))
      .then(() => onNews(''))
      .catch(lose)
    function ask(): void {
      if (!isAnswered) return lose(new Error('the connection does not answer'))
      isAnswered = false
      client.query('select 1').then(() => void (isAnswered = true), lose)
    }
  })
}
