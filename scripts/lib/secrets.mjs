import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from './failure.mjs'
import { readJson, writePrivateJson } from './private-file.mjs'

const KEY_BYTES = 32

/**
 * The secrets of this installation: `{databasePassword, settings, logins?}`, made at random once and kept, readable by the owner alone.
 * They are never made anew beside data that only the old ones open.
 */
export function loadSecrets(dataDir) {
  const file = secretsFile(dataDir)
  const kept = readJson(file)
  if (kept) return kept
  if (existsSync(join(dataDir, 'postgres'))) {
    throw new Failure(
      `${file} is missing, and without its keys the data in ${dataDir} cannot be read.`,
      `put the file back from a backup, or give up the data and begin anew: rm -rf ${dataDir}`,
    )
  }
  const made = { databasePassword: randomBytes(24).toString('hex'), settings: newKeys() }
  writePrivateJson(file, made)
  return made
}

/** Keeps the demo log-ins, which can be told only when they are made: the database holds their digests alone. */
export function keepLogins(dataDir, secrets, logins) {
  writePrivateJson(secretsFile(dataDir), { ...secrets, logins })
}

function secretsFile(dataDir) {
  return join(dataDir, 'secrets.json')
}

// The id says what the keys are for, and production refuses keys of such an id.
function newKeys() {
  const id = `demo-${randomBytes(4).toString('hex')}`
  const names = ['KESI_JWT_KEYS', 'KESI_KEY_RING', 'KESI_CODEC_KEYS', 'KESI_BLIND_INDEX_KEY']
  return Object.fromEntries(names.map(name => [name, `${id}:${randomBytes(KEY_BYTES).toString('base64')}`]))
}
