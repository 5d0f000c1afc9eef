import type { Logger } from './logger'

/** A job that runs again and again beside the workflows. */
export interface Loop {
  /** Starts no further pass, and resolves when the running one has ended. */
  stop(): Promise<void>
}

/** After this many seconds a pass that failed is tried again, then every 3 s: an outage that is over should not be waited out. */
const FAILED_AGAIN_SECONDS = [1, 2, 3] as const

/**
 * Runs `pass` again and again; it answers how many milliseconds to wait before the next one, and is given a signal that says when to
 * leave off. A pass that fails is logged and tried again later: a database that is away must not end the process.
 */
export function startLoop(name: string, logger: Logger, pass: (stopping: AbortSignal) => Promise<number>): Loop {
  const ending = new AbortController()
  const running = run(name, logger, pass, ending.signal)
  return {
    stop: async () => {
      ending.abort()
      await running
    },
  }
}

async function run(
  name: string,
  logger: Logger,
  pass: (stopping: AbortSignal) => Promise<number>,
  stopping: AbortSignal,
): Promise<void> {
  let failures = 0
  while (!stopping.aborted) {
    try {
      await pause(await pass(stopping), stopping)
      failures = 0
    } catch (error) {
      const seconds = FAILED_AGAIN_SECONDS[Math.min(failures, FAILED_AGAIN_SECONDS.length - 1)] ?? 0
      failures += 1
      logger.warn({ err: error, loop: name, again_s: seconds }, 'a pass failed')
      await pause(seconds * 1000, stopping)
    }
  }
}

/** Resolves after `ms` milliseconds, or at once when it is time to stop. */
export function pause(ms: number, stopping: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (stopping.aborted || ms <= 0) return void setImmediate(resolve)
    const timer = setTimeout(finish, ms)
    stopping.addEventListener('abort', finish, { once: true })
    function finish(): void {
      clearTimeout(timer)
      stopping.removeEventListener('abort', finish)
      resolve()
    }
  })
}

/** Does `work` for each, at most `atOnce` at a time, in the order given; ends early when it is time to stop. */
export async function forEachOf<T>(
  items: readonly T[],
  { atOnce, stopping }: { readonly atOnce: number; readonly stopping?: AbortSignal },
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const hand = async (): Promise<void> => {
    for (const item of rest) {
      if (stopping?.aborted) return
      await work(item)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, hand))
}
