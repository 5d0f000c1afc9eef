/** Thrown when something was not as promised: the message says what was promised and what was found. */
export class Differs extends Error {
  override readonly name = 'Differs'
}

/** Thrown at the next step when the play is to end early. */
export class CutOff extends Error {
  override readonly name = 'CutOff'
}

const LOOKS_EVERY_MS = 100

/** Where the play is told: prints each step with its time, waits for facts, and holds what it sees against what was promised. */
export class Stage {
  #steps = 0
  readonly #began = performance.now()
  readonly #linked = new Set<string>()

  constructor(
    /** The address of an incident's workflow for people to look at; undefined where there is no Temporal UI. */
    private readonly linkOf: (incidentId: string) => string | undefined,
    private readonly cutOff: AbortSignal,
  ) {}

  get steps(): number {
    return this.#steps
  }

  scene(title: string): void {
    this.#goOn()
    console.log(`\n${title}`)
  }

  /** One step of the story; the link to an incident's workflow is printed when it is first spoken of. */
  tell(sentence: string, incidentId?: string): void {
    this.#goOn()
    this.#steps += 1
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1)
    console.log(`[${seconds.padStart(5)} s] ${sentence}`)
    if (incidentId !== undefined && !this.#linked.has(incidentId)) {
      this.#linked.add(incidentId)
      const link = this.linkOf(incidentId)
      if (link !== undefined) console.log(`          ${link}`)
    }
  }

  /** Something beside the story: it is printed and does not count as a step. */
  aside(sentence: string): void {
    console.log(`          ${sentence}`)
  }

  /** Throws `Differs` unless what was found is what was promised. */
  expect(what: string, found: unknown, promised: unknown): void {
    this.#goOn()
    if (found !== promised) throw new Differs(`${what}: promised ${String(promised)}, found ${String(found)}`)
  }

  /** Asks until there is an answer, and answers it; `Differs` when there is none within the seconds. */
  async until<T>(what: string, withinSeconds: number, ask: () => Promise<T | undefined>): Promise<T> {
    const end = performance.now() + withinSeconds * 1000
    for (;;) {
      this.#goOn()
      const answer = await ask()
      if (answer !== undefined) return answer
      if (performance.now() > end) throw new Differs(`${what}: promised within ${withinSeconds} s, and it is not so`)
      await new Promise(resolve => setTimeout(resolve, LOOKS_EVERY_MS))
    }
  }

  #goOn(): void {
    if (this.cutOff.aborted) throw new CutOff('the play was cut off')
  }
}

/** Does something and answers it with the milliseconds it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const began = performance.now()
  const result = await work()
  return { result, ms: Math.round(performance.now() - began) }
}
