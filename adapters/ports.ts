import type { Channel } from '../domain/policy'

/** A notice as it leaves the house: nothing in it but the catalogue's words. */
export interface OutgoingMessage {
  /** An e-mail address, a phone number or a device token, by the channel. */
  readonly to: string
  readonly subject: string
  readonly text: string
  /** The same for every try of a message, so that a vendor can drop the second. Not a person's id. */
  readonly messageId: string
}

/** The way to a vendor that carries messages. */
export interface MessagePort {
  /**
   * Resolves when the vendor has taken the message over, with the vendor's id for it. Throws `MessageRefused` when no later try can
   * succeed; any other error is worth another try.
   */
  send(message: OutgoingMessage): Promise<{ readonly vendorId: string | null }>
}

/** The vendor will never take this message: a wrong address, a revoked account. `code` is the vendor's, without words. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused'
  constructor(readonly code: string) {
    super(`the vendor refused the message (${code})`)
  }
}

/** The channels that have a vendor in this installation. */
export type MessagePorts = Readonly<Partial<Record<Channel, MessagePort>>>
