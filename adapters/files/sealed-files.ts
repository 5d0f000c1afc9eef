import type { KeyObject } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { PassThrough, Readable } from 'node:stream'
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
  type MessageHeader,
} from '@aws-crypto/client-node'
import type { FileStore } from '../ports'

/** Files sealed each with a key of its own; a file that was changed, cut or put under another id does not open. */
export interface SealedFiles {
  /** Keeps a file whole or not at all; throws what `content` throws. */
  put(id: string, key: KeyObject, content: AsyncIterable<Uint8Array>): Promise<void>
  /** The content; the stream fails, before it gives out anything false, where the file is not what was sealed. */
  get(id: string, key: KeyObject): Promise<Readable>
  remove(id: string): Promise<void>
  clearUnfinished(olderThanMs: number): Promise<void>
}

// Without a signature: it stands at the end of a file, so a stream would be given out before it is checked. Every frame is
// authenticated, and the suite commits to the key.
const SUITE = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY
const { encryptStream, decryptUnsignedMessageStream } = buildClient({
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  maxEncryptedDataKeys: 1,
})

/** Seals what goes into a store by the AWS Encryption SDK's format, bound to its id. */
export function createSealedFiles(store: FileStore): SealedFiles {
  return {
    put: (id, key, content) => store.put(id, sink => pipeline(sealed(id, key, content), sink)),
    async get(id, key) {
      const stored = await store.get(id)
      const opened = new PassThrough()
      const opening = decryptUnsignedMessageStream(keyringOf(key))
      // It reports a failure once more after it was destroyed for it.
      opening.on('error', () => undefined)
      opening.once('MessageHeader', ({ encryptionContext }: MessageHeader) => {
        if (encryptionContext['file'] !== id) opening.destroy(new Error('a sealed file lies under another id'))
      })
      // Its failure reaches the reader as the stream's own.
      void pipeline(stored, opening, opened).catch((error: Error) => opened.destroy(error))
      return opened
    },
    remove: id => store.remove(id),
    clearUnfinished: olderThanMs => store.clearUnfinished(olderThanMs),
  }
}

/**
 * The sealed form of a content, as a stream. The SDK's own stream must never be destroyed midway: its inner parts then throw where
 * nobody can catch it, and the process ends. So it is piped, which destroys nothing; one that was given up is left to the collector.
 */
function sealed(id: string, key: KeyObject, content: AsyncIterable<Uint8Array>): Readable {
  const source = Readable.from(content, { objectMode: false })
  const sealing = encryptStream(keyringOf(key), { suiteId: SUITE, encryptionContext: { file: id } })
  const result = new PassThrough()
  for (const part of [source, sealing]) part.on('error', (error: Error) => result.destroy(error))
  result.once('close', () => source.destroy())
  source.pipe(sealing).pipe(result)
  return result
}

function keyringOf(key: KeyObject): RawAesKeyringNode {
  return new RawAesKeyringNode({
    keyNamespace: 'kesi',
    keyName: 'file',
    // The SDK wants the key in memory of its own, not in a slice of Node's buffer pool.
    unencryptedMasterKey: Uint8Array.from(key.export()),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  })
}
