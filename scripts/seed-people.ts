import type { Role } from '../domain/actors'
import type { Position } from '../domain/places'
import type { Language } from '../domain/statuses'

interface Person {
  readonly email: string
  readonly first_name: string
  readonly last_name: string
  readonly language: Language
}

/** A provider of the demo: verified, available, with a place. */
export interface DemoProvider extends Person {
  readonly role: 'provider'
  readonly provider_type: string
  readonly capacity: number
  readonly position: Position
}

/** Somebody the demo brings along; none of them exists. */
export type DemoPerson = (Person & { readonly role: Exclude<Role, 'provider'> }) | DemoProvider

const staff = <const R extends Exclude<Role, 'provider'>>(role: R, mailbox: string, first: string, last: string) => ({
  role,
  email: `${mailbox}@demo.kesi.example`,
  first_name: first,
  last_name: last,
  language: 'en' as const,
})

const provider = (
  provider_type: string,
  name: readonly [first: string, last: string],
  capacity: number,
  position: readonly [lat: number, lng: number],
  language: Language = 'sw',
): DemoProvider => ({
  role: 'provider',
  email: `${name[0].toLowerCase()}@demo.kesi.example`,
  first_name: name[0],
  last_name: name[1],
  language,
  provider_type,
  capacity,
  position: { lat: position[0], lng: position[1] },
})

/** The demo accounts: a dispatch centre, a survivor, responders around Nairobi, and two ambulance crews in Bangkok. */
export const DEMO_PEOPLE = {
  admin: staff('admin', 'admin', 'Achieng', 'Otieno'),
  dispatcher: staff('dispatcher', 'dispatcher', 'Wanjiku', 'Kamau'),
  secondDispatcher: staff('dispatcher', 'dispatcher2', 'Baraka', 'Mwangi'),
  survivor: staff('survivor', 'survivor', 'Neema', 'Njeri'),
  providers: [
    provider('gbv_rescue', ['Amina', 'Hassan'], 2, [-1.286, 36.817]),
    provider('gbv_rescue', ['Brian', 'Ochieng'], 1, [-1.313, 36.788]),
    provider('gbv_rescue', ['Cynthia', 'Wairimu'], 1, [-1.219, 36.887]),
    provider('healthcare', ['Daniel', 'Kiprono'], 2, [-1.301, 36.807]),
    provider('legal', ['Esther', 'Mutua'], 2, [-1.284, 36.823]),
    provider('police', ['Farah', 'Abdi'], 2, [-1.281, 36.849]),
    provider('counseling', ['Grace', 'Wambui'], 1, [-1.263, 36.803]),
    provider('social_services', ['Hamisi', 'Juma'], 2, [-1.257, 36.861]),
    provider('chw', ['Imani', 'Chebet'], 1, [-1.317, 36.884]),
    provider('ambulance_crew', ['Somchai', 'Suwan'], 1, [13.756, 100.502], 'th'),
    provider('ambulance_crew', ['Malee', 'Chaiyo'], 1, [13.728, 100.56], 'th'),
  ],
} as const
