import { openText, type Vault } from './vault'

/** Somebody's name as it is stored, with the key that opens it. */
export interface SealedName {
  readonly id: string
  readonly username: string | null
  readonly first_name: string | null
  readonly last_name: string | null
  readonly is_anonymous: boolean
  /** Null once the account was erased. */
  readonly wrapped: string | null
}

/** How somebody is called on a screen: first and last name, else the user name; null for the anonymous and the erased. */
export function openName(vault: Vault, person: SealedName): string | null {
  if (person.is_anonymous || person.wrapped === null) return null
  const key = vault.keyOf(person.id, person.wrapped)
  const open = (column: 'first_name' | 'last_name' | 'username'): string | null =>
    openText(key, 'users', person.id, column, person[column])
  const name = [open('first_name'), open('last_name')].filter(part => part !== null).join(' ')
  return name || open('username')
}
