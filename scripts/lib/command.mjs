import { printFailure } from './failure.mjs'
import { checkNodeVersion } from './node-version.mjs'

/** Runs a script's main function: checks Node first, and turns an error into its remedy and exit code 1. */
export async function runCommand(main) {
  try {
    checkNodeVersion()
    await main()
  } catch (error) {
    printFailure(error)
    process.exitCode = 1
  }
}
