import { Model, type RelationMappings } from 'objection'
import type { ConsideredCandidate } from '../domain/ranking'
import type { EventType } from '../domain/events'
import type { Availability, OfferState } from '../domain/statuses'

/**
 * Objection's models of what is read as a graph: a row with those that belong to it. They are bound to the database at each query,
 * never globally; statements that lock or race are plain SQL in the repositories.
 */
export class AccountKeyModel extends Model {
  static override tableName = 'account_keys'
  static override idColumn = 'user_id'

  user_id!: string
  wrapped!: string
}

/** An account as far as a screen shows it to others: its sealed names and the key that opens them. */
export class UserModel extends Model {
  static override tableName = 'users'

  id!: string
  status!: 'active' | 'disabled'
  username!: string | null
  first_name!: string | null
  last_name!: string | null
  is_anonymous!: boolean
  key?: AccountKeyModel | null

  static override relationMappings = (): RelationMappings => ({
    key: {
      relation: Model.HasOneRelation,
      modelClass: AccountKeyModel,
      join: { from: 'users.id', to: 'account_keys.user_id' },
    },
  })
}

export class ProviderProfileModel extends Model {
  static override tableName = 'provider_profiles'
  static override idColumn = 'user_id'

  user_id!: string
  provider_type!: string
  verification!: 'pending' | 'verified' | 'refused'
  availability!: Availability
  capacity!: number
  load!: number
  forced_load!: number
  cooling_until!: Date | null
  last_assigned_at!: Date | null
  skills!: string[]
  languages!: string[]
  position!: string | null
  base_lat!: number | null
  base_lng!: number | null
  updated_at!: Date
  user?: UserModel

  static override relationMappings = (): RelationMappings => ({
    user: {
      relation: Model.BelongsToOneRelation,
      modelClass: UserModel,
      join: { from: 'provider_profiles.user_id', to: 'users.id' },
    },
  })
}

export class OfferModel extends Model {
  static override tableName = 'offers'

  id!: string
  incident_id!: string
  provider_id!: string
  round!: number
  attempt!: number
  state!: OfferState
  offered_at!: Date
  expires_at!: Date
  answered_at!: Date | null
  reason!: string | null
  candidates!: ConsideredCandidate[]
  provider?: UserModel

  static override relationMappings = (): RelationMappings => ({
    provider: {
      relation: Model.BelongsToOneRelation,
      modelClass: UserModel,
      join: { from: 'offers.provider_id', to: 'users.id' },
    },
  })
}

export class EventNoteModel extends Model {
  static override tableName = 'event_notes'
  static override idColumn = 'event_id'

  event_id!: string
  note!: string
}

export class EventModel extends Model {
  static override tableName = 'events'

  id!: string
  incident_id!: string
  seq!: number
  rev!: number
  type!: EventType
  from_status!: string | null
  to_status!: string | null
  actor_role!: string
  actor_id!: string | null
  at!: Date
  data!: Record<string, string | number | boolean | null>
  request_id!: string | null
  prev_hash!: string
  hash!: string
  note?: EventNoteModel | null

  static override relationMappings = (): RelationMappings => ({
    note: {
      relation: Model.HasOneRelation,
      modelClass: EventNoteModel,
      join: { from: 'events.id', to: 'event_notes.event_id' },
    },
  })
}
