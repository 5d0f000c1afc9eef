/** The activities of the bare workflows; `notify` is how the driver learns of an offer, as a phone would by a push. */
export interface BareActivities {
  pick(id: string): Promise<string>
  notify(notice: BareNotice): Promise<void>
}

export interface BareNotice {
  readonly id: string
  readonly to: string
}

/** Activities that hand every notice to `deliver`. */
export function bareActivities(deliver: (notice: BareNotice) => void): BareActivities {
  return {
    pick: async id => `provider of ${id}`,
    notify: async notice => deliver(notice),
  }
}
