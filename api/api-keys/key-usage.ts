import { addKeyUsage, type KeyUse } from '../../db/api-keys.repository'
import type { Database } from '../../db/database'
import type { Logger } from '../../platform/logger'

const WRITTEN_EVERY_MS = 5_000

/**
 * Counts the requests of API keys in memory and adds them to the record every 5 s, so that no request writes for it. A process that
 * is killed takes the counts of its last seconds with it; while the record is away they are kept.
 */
export class KeyUsage {
  #counts = new Map<string, KeyUse>()
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly db: Database,
    private readonly logger: Logger,
  ) {}

  /** One request by this key on this route. */
  note(keyId: string, route: string, count = 1): void {
    const name = `${keyId} ${route}`
    this.#counts.set(name, { keyId, route, count: (this.#counts.get(name)?.count ?? 0) + count })
    this.#timer ??= setTimeout(() => void this.write(), WRITTEN_EVERY_MS).unref()
  }

  /** Adds what was counted to the record; what cannot be written now is written later. */
  async write(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const uses = [...this.#counts.values()]
    this.#counts = new Map()
    try {
      await addKeyUsage(this.db, uses)
    } catch (err) {
      this.logger.warn({ err }, 'the usage of API keys was not written; it is tried again')
      for (const { keyId, route, count } of uses) this.note(keyId, route, count)
    }
  }
}
