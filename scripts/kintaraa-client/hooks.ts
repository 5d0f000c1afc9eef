/** As much of React as the app's hooks need outside of any screen: state, and effects that follow what they depend on. */
export class Hooks {
  #running: Use<unknown> | undefined

  /** What the app imports as `react`. */
  readonly react = {
    useState: (first: unknown): [unknown, (next: unknown) => void] => this.#current.state(first),
    useRef: (first: unknown): { current: unknown } => this.#current.cell(() => ({ current: first })),
    useCallback: <T>(callback: T): T => callback,
    useEffect: (effect: () => unknown, on: readonly unknown[]): void => this.#current.effect(effect, on),
  }

  /** Uses a hook until `end`. */
  use<T>(hook: () => T): Used<T> {
    const use = new Use<T>(hook, (mine, render) => {
      this.#running = mine
      try {
        return render()
      } finally {
        this.#running = undefined
      }
    })
    use.render()
    return use
  }

  get #current(): Use<unknown> {
    if (!this.#running) throw new Error('a hook runs outside of its use')
    return this.#running
  }
}

/** A hook in use. */
export interface Used<T> {
  /** What it answered last. */
  readonly now: T
  /** Everything it has answered so far. */
  readonly seen: readonly T[]
  /** Undoes its effects, as a screen does that is left. */
  end(): void
}

interface Effect {
  on: readonly unknown[] | undefined
  undo: unknown
}

class Use<T> implements Used<T> {
  readonly seen: T[] = []
  readonly #cells: unknown[] = []
  readonly #effects = new Set<Effect>()
  #at = 0
  #due: (() => void)[] = []

  constructor(
    private readonly hook: () => T,
    private readonly as: <R>(use: Use<unknown>, render: () => R) => R,
  ) {}

  get now(): T {
    const last = this.seen.at(-1)
    if (last === undefined) throw new Error('the hook was not used yet')
    return last
  }

  render(): void {
    this.#at = 0
    this.seen.push(this.as(this, this.hook))
    for (const run of this.#due.splice(0)) run()
  }

  cell<C>(first: () => C): C {
    const at = this.#at++
    if (at === this.#cells.length) this.#cells.push(first())
    return this.#cells[at] as C
  }

  state(first: unknown): [unknown, (next: unknown) => void] {
    const cell = this.cell(() => ({ value: first }))
    const set = (next: unknown): void => {
      cell.value = next
      this.render()
    }
    return [cell.value, set]
  }

  effect(effect: () => unknown, on: readonly unknown[]): void {
    const known = this.cell<Effect>(() => ({ on: undefined, undo: undefined }))
    this.#effects.add(known)
    if (known.on?.every((each, index) => each === on[index])) return
    known.on = on
    this.#due.push(() => {
      undo(known)
      known.undo = effect()
    })
  }

  end(): void {
    for (const each of this.#effects) undo(each)
  }
}

function undo(effect: Effect): void {
  if (typeof effect.undo === 'function') (effect.undo as () => void)()
  effect.undo = undefined
}
