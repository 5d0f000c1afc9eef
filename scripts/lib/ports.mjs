import { createServer } from 'node:net'
import { Failure } from './failure.mjs'

const HIGHEST_PORT = 65535
const STEPS_TO_TRY = 100

/** True when nobody listens on this port of the loopback address or of all addresses. */
export async function isPortFree(port) {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, undefined))
}

/** Any free port of this machine. */
export function anyFreePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/**
 * The port to use: the one the setting names (it must be free), else the default, else the next free one above it, said aloud.
 * `taken` holds ports already promised to somebody in this start.
 */
export async function choosePort({ what, setting, fallback, taken, say }) {
  const asked = process.env[setting]
  if (asked !== undefined && asked !== '') return askedPort(what, setting, asked)
  const last = Math.min(fallback + STEPS_TO_TRY, HIGHEST_PORT)
  for (let port = fallback; port <= last; port++) {
    if (taken.has(port) || !(await isPortFree(port))) continue
    if (port !== fallback)
      say(`Port ${fallback} is taken, so the ${what} uses ${port} (set ${setting} to choose another)`)
    taken.add(port)
    return port
  }
  throw new Failure(`No free port for the ${what} between ${fallback} and ${last}.`, `set ${setting} to a free port`)
}

async function askedPort(what, setting, asked) {
  const port = Number(asked)
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT) {
    throw new Failure(`${setting} is not a port number.`, `set ${setting} to a number from 1 to ${HIGHEST_PORT}`)
  }
  if (!(await isPortFree(port))) {
    throw new Failure(
      `Port ${port} (${setting}), wanted for the ${what}, is taken.`,
      `stop what uses it, or set ${setting} to a free port, or unset it to let the start choose one`,
    )
  }
  return port
}

function canListen(port, host) {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
