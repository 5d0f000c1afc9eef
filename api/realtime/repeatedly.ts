/** Something that is done again and again until it is stopped. */
export interface Round {
  /** Resolves when it is no longer under way. */
  stop(): Promise<void>
}

/** Does something again and again, so many milliseconds after the last time ended; a failure is told of and ends nothing. */
export function repeatedly(everyMs: number, work: () => Promise<void>, onFailure: (error: unknown) => void): Round {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let isStopped = false
  const wait = (): void => {
    timer = setTimeout(() => {
      running = work()
        .catch((error: unknown) => {
          if (!isStopped) onFailure(error)
        })
        .then(() => {
          if (!isStopped) wait()
        })
    }, everyMs)
  }
  wait()
  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
