import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { newId } from '../../platform/ids'
import { eventually } from '../../test/harness/eventually'
import { detectType } from './detect-type'
import { createLocalFiles } from './local-files'
import { createSealedFiles } from './sealed-files'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kesi-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const newKey = (): KeyObject => createSecretKey(randomBytes(32))
const files = () => createSealedFiles(createLocalFiles(folder))
const pathOf = (id: string): string => join(folder, id.slice(-2), id)
const left = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => entry.name)

async function* chunks(...parts: Buffer[]): AsyncGenerator<Buffer> {
  yield* parts
}

describe('sealed files in a folder', () => {
  it('come back as they were, and lie there unreadable', async () => {
    const [id, key] = [newId(), newKey()]
    const parts = [Buffer.from('the canary sings '), randomBytes(300_000), Buffer.from(' and sings')]
    await files().put(id, key, chunks(...parts))
    expect((await buffer(await files().get(id, key))).equals(Buffer.concat(parts))).toBe(true)
    const stored = readFileSync(pathOf(id))
    expect(stored.includes('canary')).toBe(false)
    expect(stored.includes(parts[1]?.subarray(0, 16) ?? '')).toBe(false)
    expect(left()).toEqual([id])
  })

  it('do not open with another key, under another id, changed, or cut short', async () => {
    const [id, key, other] = [newId(), newKey(), newId()]
    await files().put(id, key, chunks(randomBytes(100_000)))
    await expect(files().get(id, newKey()).then(buffer)).rejects.toThrow()

    const whole = readFileSync(pathOf(id))
    await files().put(other, newKey(), chunks(Buffer.from('x')))
    writeFileSync(pathOf(other), whole)
    await expect(files().get(other, key).then(buffer)).rejects.toThrow('under another id')

    const changed = Buffer.from(whole)
    changed[50_000] = (changed[50_000] ?? 0) ^ 1
    writeFileSync(pathOf(id), changed)
    await expect(files().get(id, key).then(buffer)).rejects.toThrow()

    writeFileSync(pathOf(id), whole.subarray(0, 60_000))
    await expect(files().get(id, key).then(buffer)).rejects.toThrow()
  })

  it('are not there at all when their content breaks off', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield randomBytes(100_000)
      throw new Error('broken off')
    }
    async function* brokenAtOnce(): AsyncGenerator<Buffer> {
      if (folder) throw new Error('broken at once')
      yield randomBytes(1)
    }
    const id = newId()
    await expect(files().put(id, newKey(), broken())).rejects.toThrow('broken off')
    await expect(files().put(id, newKey(), brokenAtOnce())).rejects.toThrow('broken at once')
    expect(left()).toEqual([])
    await expect(files().get(id, newKey())).rejects.toThrow('ENOENT')
  })

  it('let go of their content when the store fails, or the reader leaves', async () => {
    let isReleased = false
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield randomBytes(50_000)
      } finally {
        isReleased = true
      }
    }
    const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left')) })
    const broken = {
      ...createLocalFiles(folder),
      put: (_: string, write: (sink: Writable) => Promise<void>) => write(full),
    }
    await expect(createSealedFiles(broken).put(newId(), newKey(), endless())).rejects.toThrow('no space left')
    await eventually(async () => isReleased || undefined)

    const [id, key] = [newId(), newKey()]
    await files().put(id, key, chunks(randomBytes(500_000)))
    const reading = await files().get(id, key)
    for await (const _part of reading) break
    expect(reading.destroyed).toBe(true)
  })

  it('go when they are removed, also twice', async () => {
    const id = newId()
    await files().put(id, newKey(), chunks(Buffer.from('x')))
    await files().remove(id)
    await files().remove(id)
    expect(left()).toEqual([])
  })

  it('are named by ids alone', async () => {
    await expect(files().remove('../../etc/passwd')).rejects.toThrow('named by its id')
  })

  it('leave nothing for ever when their process dies', async () => {
    await files().clearUnfinished(1_000)
    await files().put(newId(), newKey(), chunks(Buffer.from('whole')))
    const whole = left()
    const [old, young] = [newId(), newId()]
    for (const id of [old, young]) writeFileSync(join(folder, 'incoming', id), 'half')
    utimesSync(join(folder, 'incoming', old), 0, 0)
    await files().clearUnfinished(60_000)
    expect(left().sort()).toEqual([...whole, young].sort())
  })
})

test('a type is what the content shows', async () => {
  expect(await detectType(Buffer.from('%PDF-1.7\n'))).toBe('application/pdf')
  expect(await detectType(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toBeUndefined()
  expect(await detectType(Buffer.from('just text'))).toBeUndefined()
  expect(await detectType(Buffer.alloc(0))).toBeUndefined()
})
