// Records the histories that the replay test reads: needed when the workflow gets a new branch.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const test = fileURLToPath(new URL('./test.mjs', import.meta.url))
const { status } = spawnSync(process.execPath, [test, 'test/replay/record'], {
  stdio: 'inherit',
  env: { ...process.env, KESI_RECORD_HISTORIES: 'yes' },
})
process.exitCode = status ?? 1
