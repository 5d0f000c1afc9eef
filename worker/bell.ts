import { pause } from '../platform/loop'

/** Wakes a loop before its time. Rung while nobody waits, it is heard by whoever waits next; rung often, it is heard once. */
export class Bell {
  #isRung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  /** Resolves when it rings, after `ms` milliseconds, or when it is time to stop. */
  async rung(ms: number, stopping: AbortSignal): Promise<void> {
    if (!this.#isRung) {
      const waking = new AbortController()
      this.#wake = () => waking.abort()
      await pause(ms, AbortSignal.any([stopping, waking.signal]))
      this.#wake = undefined
    }
    this.#isRung = false
  }
}
