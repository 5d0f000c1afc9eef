/** How long an idempotency key keeps its answer. */
export const KEY_KEPT_MS = 24 * 3_600_000
/** A request that took its key longer ago than this and left no trace has died; the key may be used again. */
export const KEY_LEASE_MS = 30_000
