import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  ServiceError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import { WorkflowNotFoundError } from '@temporalio/common'
import type { KeyRing } from '../keyring'
import { dataConverter } from './data-converter'

/** How long a caller waits for Temporal before it goes on without, in milliseconds. */
export const TEMPORAL_DEADLINE_MS = 2_000

/** What connectTemporal needs of the configuration. */
export interface TemporalSettings {
  readonly temporalAddress: string
  readonly temporalNamespace: string
  readonly codecKeys: KeyRing | undefined
}

/** A client of Temporal whose calls end in time. */
export interface TemporalLink {
  readonly connection: Connection
  readonly client: Client
  /** Runs one conversation with Temporal; throws TemporalTimeout when it is not over after `ms` milliseconds. */
  withDeadline<T>(talk: (client: Client) => Promise<T>, ms?: number): Promise<T>
  close(): Promise<void>
}

/** Thrown when Temporal did not answer in time; the call may still take effect later. */
export class TemporalTimeout extends Error {
  override readonly name = 'TemporalTimeout'
  readonly code = 'TEMPORAL_TIMEOUT'

  constructor(ms: number) {
    super(`Temporal did not answer within ${ms} ms`)
  }
}

/** Connects at the first call and again whenever the server comes back; never fails when the server is down. */
export function connectTemporal(settings: TemporalSettings): TemporalLink {
  const connection = Connection.lazy({
    address: settings.temporalAddress,
    // gRPC would wait up to two minutes between attempts: after an outage the workflows would be told that much later.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 },
    // The SDK's ten attempts would use up every deadline while the server is down; after two the relay does it better.
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 2 }))],
  })
  const client = new Client({
    connection,
    namespace: settings.temporalNamespace,
    dataConverter: dataConverter(settings),
  })
  return {
    connection,
    client,
    withDeadline: (talk, ms) => withTemporalDeadline(connection, () => talk(client), ms),
    close: () => connection.close(),
  }
}

/** Runs the calls in `talk` under a gRPC deadline, and leaves them behind when even that does not end them in time. */
export async function withTemporalDeadline<T>(
  connection: Pick<Connection, 'withDeadline'>,
  talk: () => Promise<T>,
  ms: number = TEMPORAL_DEADLINE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TemporalTimeout(ms)), ms)
  })
  try {
    // Promise.race listens to both for good, so that what fails after the deadline is no unhandled rejection.
    return await Promise.race([connection.withDeadline(Date.now() + ms, talk), tooLate])
  } finally {
    clearTimeout(timer)
  }
}

// gRPC: CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE. Trying again later is right for each.
const TRANSIENT_CODES: ReadonlySet<unknown> = new Set([1, 4, 8, 10, 14])
const NOT_FOUND_CODE = 5

/** Whether Temporal could not be asked just now: down, too slow or too busy. The relay tells the workflow later. */
export function isTemporalUnreachable(error: unknown): boolean {
  if (error instanceof TemporalTimeout || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true
  return TRANSIENT_CODES.has(grpcCodeOf(error))
}

/** Whether Temporal has no such open workflow: it never started, it has ended, or its history is gone. */
export function isWorkflowMissing(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true
  // A missing namespace is NOT_FOUND as well, and is a mistake in the configuration, not an ended workflow.
  return grpcCodeOf(error) === NOT_FOUND_CODE && (error as Error).name !== 'NamespaceNotFoundError'
}

/** The SDK wraps some gRPC errors in a ServiceError and hands others on as they are. */
function grpcCodeOf(error: unknown): unknown {
  const raw = error instanceof ServiceError ? error.cause : error
  return raw instanceof Error && 'code' in raw ? raw.code : undefined
}
