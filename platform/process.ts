import type { Logger } from './logger'

/** The part of `process` that a guard needs, so that tests can give it another one. */
export interface GuardedProcess {
  on(event: string, listener: (value: unknown) => void): unknown
  exit(code: number): void
}

/** Ends a process in order. */
export interface ProcessGuard {
  /** Registers what is to be closed at the end; what was registered last is closed first. */
  onShutdown(part: string, close: () => Promise<unknown>): void
  /** Closes everything and exits with that code; a second call changes nothing. */
  shutdown(code: number): Promise<void>
}

// Docker and Kubernetes kill after 30 s by default; the rest is for the log to get out.
const SHUTDOWN_LIMIT_MS = 25_000

/**
 * Guards a process: on SIGTERM and SIGINT it closes what was registered, in reverse order and within `limitMs`, and
 * exits with 0, or with 1 when something could not be closed in time. A rejection or an exception that nobody handled
 * is logged and ends the process with 1 at once: nobody knows what state it left behind, and everything it promised is
 * in the database.
 */
export function guardProcess({
  logger,
  limitMs = SHUTDOWN_LIMIT_MS,
  target = process,
}: {
  logger: Logger
  limitMs?: number
  target?: GuardedProcess
}): ProcessGuard {
  const parts: { part: string; close: () => Promise<unknown> }[] = []
  let ending: Promise<void> | undefined

  async function closeAll(code: number): Promise<void> {
    const limit = setTimeout(() => {
      logger.error({ limit_ms: limitMs, open: parts.map(({ part }) => part) }, 'shutdown took too long')
      target.exit(1)
    }, limitMs)
    let exitCode = code
    while (parts.length > 0) {
      const next = parts[parts.length - 1]
      try {
        await next?.close()
      } catch (err) {
        exitCode = 1
        logger.error({ err, part: next?.part }, 'a part could not be closed')
      }
      parts.pop()
    }
    clearTimeout(limit)
    logger.info({ exit_code: exitCode }, 'stopped')
    target.exit(exitCode)
  }

  const guard: ProcessGuard = {
    onShutdown: (part, close) => void parts.push({ part, close }),
    shutdown: code => (ending ??= closeAll(code)),
  }
  listen(target, logger, guard)
  return guard
}

function listen(target: GuardedProcess, logger: Logger, guard: ProcessGuard): void {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    // Ctrl-C reaches the whole process group and the parent sends SIGTERM on top: the second one must not cut the first.
    target.on(signal, () => {
      logger.info({ signal }, 'stopping')
      void guard.shutdown(0)
    })
  }
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    target.on(event, err => {
      logger.error({ err, event }, 'an error that nobody handled')
      target.exit(1)
    })
  }
}
