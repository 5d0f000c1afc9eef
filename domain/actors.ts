/** The roles an account can have. A person's rights come from the permission table alone, never from a role test in code. */
export const ROLES = ['survivor', 'provider', 'dispatcher', 'admin'] as const
export type Role = (typeof ROLES)[number]

export const ROLE_NAMES: Record<Role, string> = {
  survivor: 'Survivor',
  provider: 'Provider',
  dispatcher: 'Dispatcher',
  admin: 'Administrator',
}

/** Who does something: a signed-in person, or the engine acting for the clock. */
export type Actor = { readonly kind: 'person'; readonly id: string; readonly role: Role } | { readonly kind: 'engine' }

export const ENGINE: Actor = { kind: 'engine' }

/**
 * What an actor is to one incident. The lifecycle table is written in these words, so that guard, buttons and documents
 * ask the same question: a provider who is the assignee may do more than a provider who is not.
 */
export const STANDINGS = ['reporter', 'assignee', 'offered', 'dispatcher', 'admin', 'clock'] as const
export type Standing = (typeof STANDINGS)[number]
