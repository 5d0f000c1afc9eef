import type { Payload } from '@temporalio/common'
import { z } from 'zod'
import { Refusal } from '../../domain/refusals'

/** A payload in protobuf's JSON: bytes as base64. */
export interface WirePayload {
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly data?: string | undefined
}

// Temporal may add members to its own form; what we do not know is passed over.
const bodySchema = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), z.string()).optional(), data: z.string().optional() }))
    .max(10_000),
})

/** The payloads of a codec request. Throws `VALIDATION_FAILED` for any other form. */
export function fromWire(body: unknown): Payload[] {
  const parsed = bodySchema.safeParse(body)
  if (!parsed.success) throw new Refusal('VALIDATION_FAILED', { detail: 'Send {"payloads": [...]} as Temporal does' })
  return parsed.data.payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
    ),
    data: Buffer.from(data ?? '', 'base64'),
  }))
}

/** A payload as it goes back. */
export const toWire = ({ metadata, data }: Payload): WirePayload => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, base64(value)])),
  data: base64(data),
})

const base64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64')

/** What stands in place of a payload for whoever may not read it. */
export const redacted = (_payload: Payload): Payload => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from('"redacted"'),
})
