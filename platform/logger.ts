import { destination, pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino'
import { redact, redactText } from './redaction'

/** Fields of a log line: ids, codes and counts; errors under `err`. What is personal is redacted by its key. */
export type LogFields = Readonly<Record<string, unknown>>

/** How important a line is: error = somebody must act now; a healthy day has none. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Writes one structured line; the message is a constant sentence, everything that varies is a field. */
export interface LogMethod {
  (fields: LogFields, message: string): void
  (message: string): void
}

/** The log of one process or of one part of it. */
export interface Logger {
  readonly trace: LogMethod
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  /** A logger whose every line carries these fields too. */
  child(fields: LogFields): Logger
}

/** The log lines of a Temporal worker in our form; give it to `Runtime.install({ logger })`. */
export interface TemporalLogger {
  log(level: string, message: string, meta?: LogFields): void
  trace(message: string, meta?: LogFields): void
  debug(message: string, meta?: LogFields): void
  info(message: string, meta?: LogFields): void
  warn(message: string, meta?: LogFields): void
  error(message: string, meta?: LogFields): void
}

/** A logger that writes JSON lines, redacted, to the stream (standard output unless told otherwise). */
export function createLogger({
  level,
  name,
  stream,
}: {
  level: LogLevel
  /** The process or part that speaks, such as `api`; stands in each line as `service`. */
  name: string
  stream?: DestinationStream
}): Logger {
  const options = {
    level,
    base: { service: name, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Redaction by key at every depth is done before pino sees the fields: its own paths reach neither arrays nor errors.
    serializers: { err: (described: unknown) => described },
  }
  return wrap(pino(options, stream ?? gathered()))
}

/** So many bytes are written at once; what is less waits so long at the most, in milliseconds. */
const GATHERED_BYTES = 4_096
const GATHERED_MS = 200

/**
 * Standard output, a few lines at a time: a call to the system for every line took a twentieth of the API's time. pino writes what is
 * left when the process exits; lines of the last moment are lost only when it is killed outright.
 */
function gathered(): DestinationStream {
  return destination({ fd: process.stdout.fd, sync: false, minLength: GATHERED_BYTES, periodicFlush: GATHERED_MS })
}

/** Passes what Temporal's SDK logs on to our logger, redacted like every other line. */
export function temporalLogger(logger: Logger): TemporalLogger {
  const levels = {
    trace: passOn(logger.trace),
    debug: passOn(logger.debug),
    info: passOn(logger.info),
    warn: passOn(logger.warn),
    error: passOn(logger.error),
  }
  return {
    ...levels,
    log(level, message, meta) {
      const key = level.toLowerCase()
      const write = key in levels ? levels[key as keyof typeof levels] : levels.info
      write(message, meta)
    },
  }
}

function passOn(method: LogMethod): (message: string, meta?: LogFields) => void {
  return (message, meta) => method(meta ?? {}, message)
}

function wrap(target: PinoLogger): Logger {
  const method = (level: Exclude<LogLevel, 'silent'>): LogMethod => {
    return (first: LogFields | string, message?: string) => {
      if (!target.isLevelEnabled(level)) return
      if (typeof first === 'string') target[level](redactText(first))
      else target[level](redact(first) as object, redactText(message ?? ''))
    }
  }
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: fields => wrap(target.child(redact(fields) as object)),
  }
}
