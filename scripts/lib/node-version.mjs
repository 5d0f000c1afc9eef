import { Failure } from './failure.mjs'

const LEAST = [20, 19]

/** Fails unless this Node is new enough for the packages of the lock. */
export function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return
  throw new Failure(
    `This is Node ${process.versions.node}; Kesi needs ${LEAST.join('.')} or newer.`,
    'install Node 20 LTS or newer (nodejs.org, or "nvm install 20"), then run the command again',
  )
}
