/** The app draws what came last before it draws at all: of two messages in one instant it would lose the first. */
const PAUSE_MS = 100
/** A minute of messages; more are not sent one by one to somebody who can come back for them. */
const WAITING_AT_MOST = 600

/** Sends one text after the other, no two of them at once; nothing before `begin`. */
export class Paced {
  readonly #waiting: string[] = []
  #isHeld = true
  #pause: NodeJS.Timeout | undefined

  constructor(
    private readonly send: (text: string) => void,
    /** Called when more wait than can be sent in a minute. */
    private readonly onFull: () => void,
  ) {}

  say(text: string): void {
    if (this.#waiting.length >= WAITING_AT_MOST) return this.onFull()
    this.#waiting.push(text)
    this.#next()
  }

  /** Begins to send: these, and then what was said meanwhile. */
  begin(first: readonly string[]): void {
    this.#waiting.unshift(...first)
    this.#isHeld = false
    this.#next()
  }

  /** Sends nothing more. */
  stop(): void {
    this.#isHeld = true
    clearTimeout(this.#pause)
  }

  #next(): void {
    if (this.#isHeld || this.#pause) return
    const text = this.#waiting.shift()
    if (text === undefined) return
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      this.#next()
    }, PAUSE_MS)
    this.send(text)
  }
}
