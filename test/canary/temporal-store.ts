import { readFileSync, existsSync } from 'node:fs'
import type { Payload } from '@temporalio/common'
import { createPayloadCodec } from '../../platform/temporal/codec'
import type { TestProduct } from '../harness/product'

/** One workflow as Temporal stores it: what it says of itself in the clear, and everything that is found when it is opened. */
export interface StoredWorkflow {
  readonly id: string
  readonly type: string
  readonly taskQueue: string
  readonly memo: Readonly<Record<string, unknown>>
  readonly searchAttributes: Readonly<Record<string, unknown>>
  /** Every text and every payload, as stored and as opened by the codec. */
  readonly opened: string
}

/** The bytes of Temporal's file as they lie on the disk. */
export function storedBytes({ temporalFile }: TestProduct): Buffer {
  const files = ['', '-wal', '-shm'].map(end => `${temporalFile}${end}`).filter(existsSync)
  return Buffer.concat(files.map(file => readFileSync(file)))
}

/** Every workflow that Temporal knows, with its description and its whole history opened. */
export async function storedWorkflows({ link, config }: TestProduct): Promise<StoredWorkflow[]> {
  const stored: StoredWorkflow[] = []
  for await (const { workflowId, runId, type, taskQueue } of link.client.workflow.list()) {
    const handle = link.client.workflow.getHandle(workflowId, runId)
    const { raw, memo, searchAttributes } = await handle.describe()
    const parts: string[] = []
    await open(
      { raw, history: await handle.fetchHistory() },
      parts,
      config.codecKeys && createPayloadCodec(config.codecKeys),
    )
    stored.push({
      id: workflowId,
      type,
      taskQueue,
      memo: memo ?? {},
      // The older form alone has every attribute, also those that the product did not declare.
      searchAttributes,
      opened: parts.join('\n'),
    })
  }
  return stored
}

type Codec = ReturnType<typeof createPayloadCodec>

async function open(value: unknown, parts: string[], codec: Codec | undefined): Promise<void> {
  if (typeof value === 'string') parts.push(value)
  else if (value instanceof Uint8Array) parts.push(Buffer.from(value).toString('latin1'))
  else if (isPayload(value)) {
    for (const payload of [value, ...((await codec?.decode([value])) ?? [])])
      parts.push(Buffer.from(payload.data ?? []).toString('latin1'), JSON.stringify(payload.metadata))
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      parts.push(name)
      await open(inner, parts, codec)
    }
  }
}

function isPayload(value: unknown): value is Payload {
  if (typeof value !== 'object' || value === null) return false
  const { metadata, data } = value as { metadata?: unknown; data?: unknown }
  return typeof metadata === 'object' && metadata !== null && data instanceof Uint8Array
}
