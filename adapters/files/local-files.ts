import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { FileStore } from '../ports'

const INCOMING = 'incoming'
/** Names are ids that the product made; anything else could lead out of the folder. */
const NAME = /^[0-9a-f-]{36}$/

/** Keeps files in a folder of this machine: written beside, flushed to the disk, then moved to their place in one step. */
export function createLocalFiles(folder: string): FileStore {
  const incoming = (name: string): string => join(folder, INCOMING, checked(name))
  // Spread over 256 folders by the end of the name, which is random.
  const place = (name: string): string => join(folder, checked(name).slice(-2), name)

  return {
    async put(name, write) {
      const from = incoming(name)
      const to = place(name)
      await Promise.all([mkdir(dirname(from), { recursive: true }), mkdir(dirname(to), { recursive: true })])
      try {
        // The stream flushes its file before it closes it.
        await write((await open(from, 'wx', 0o600)).createWriteStream({ flush: true }))
        await rename(from, to)
        await flushFolder(dirname(to))
      } catch (error) {
        await rm(from, { force: true })
        throw error
      }
    },
    async get(name): Promise<Readable> {
      return (await open(place(name))).createReadStream()
    },
    async remove(name) {
      await rm(place(name), { force: true })
    },
    async clearUnfinished(olderThanMs) {
      const names = await readdir(join(folder, INCOMING)).catch(nothingYet)
      for (const name of names) {
        const path = join(folder, INCOMING, name)
        const written = await stat(path).catch(() => undefined)
        if (written && Date.now() - written.mtimeMs > olderThanMs) await rm(path, { force: true })
      }
    },
  }
}

function checked(name: string): string {
  if (!NAME.test(name)) throw new Error('a file is named by its id')
  return name
}

/** Without it a loss of power could forget the new name, though the content is safe. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function nothingYet(error: unknown): string[] {
  if ((error as { code?: unknown }).code === 'ENOENT') return []
  throw error
}
