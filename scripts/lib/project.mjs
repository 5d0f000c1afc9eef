import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The folder of everything an installation keeps: KESI_DATA_DIR, by default .kesi in the project. */
export const DATA_DIR = resolve(PROJECT, process.env.KESI_DATA_DIR || '.kesi')

/** Where a set of server processes keeps its logs and the notes by which a later start recognises them. */
export function foldersIn(dir) {
  return { logs: join(dir, 'logs'), pids: join(dir, 'pids') }
}

/** The same for the product itself, whose logs can be kept elsewhere (KESI_LOG_DIR). */
export function productFolders() {
  const folders = foldersIn(DATA_DIR)
  return process.env.KESI_LOG_DIR ? { ...folders, logs: resolve(PROJECT, process.env.KESI_LOG_DIR) } : folders
}

/** The file that says which npm start a data folder belongs to. */
export function startLockFile(dir) {
  return join(dir, 'start.json')
}
