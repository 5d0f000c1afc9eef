import { z } from 'zod'

/** A vendor's form: it names its fields, adds to them without saying so, and signs them all. */
export const vendorForm = z.record(z.string(), z.string())

export const secretParams = z.strictObject({
  secret: z.string().max(200).describe('`KESI_AFRICAS_TALKING_RECEIPT_SECRET`'),
})
