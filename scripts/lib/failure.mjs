/** A failure a person can mend: the message says what went wrong, the remedy is the command or act that mends it. */
export class Failure extends Error {
  constructor(message, remedy) {
    super(message)
    this.name = 'Failure'
    this.remedy = remedy
  }
}

/** Prints a failure with its remedy on stderr; anything unexpected is printed with its stack. */
export function printFailure(error) {
  if (error instanceof Failure) {
    console.error(`\nStopped: ${error.message}`)
    console.error(`To mend it: ${error.remedy}`)
    return
  }
  console.error(`\nStopped by an unexpected error: ${error?.stack ?? error}`)
}
