import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Request, Response } from 'express'
import multer, { type StorageEngine } from 'multer'
import type { StoredFile } from '../acts/messages/record-upload'
import { DETECTED_BY_BYTES, detectType } from '../adapters/files/detect-type'
import type { SealedFiles } from '../adapters/files/sealed-files'
import { FILE_TYPES, type FileKind, type FileType } from '../domain/file-types'
import { Refusal } from '../domain/refusals'
import { newDataKey } from '../platform/envelope'
import { newId } from '../platform/ids'
import { sniffBoundary } from './boundary'

/** What a route takes by `multipart/form-data`: one file in the field `file`, beside the text fields of its body schema. */
export interface UploadSpec {
  readonly maxBytes: number
  readonly kinds: readonly FileKind[]
  /** For a client that leaves the boundary out of its header: it is taken from the first line of the body. */
  readonly boundary?: 'sniffed'
}

/** The form's field that holds the file. */
export const FILE_FIELD = 'file'

/** A file that lies sealed in the store, and is deleted when its request ends unless it is kept. */
export interface ReceivedFile extends StoredFile {
  /** To be called as soon as the record holds the file. */
  keep(): void
}

/** A form that was read. */
export interface Received {
  readonly fields: Readonly<Record<string, unknown>>
  readonly file: ReceivedFile
  /** Deletes the file unless it was kept. */
  end(): Promise<void>
}

// Text fields are short codes and ids; a file's name of more than these characters is cut.
const FIELDS = { fields: 20, fieldSize: 10_000, fieldNameSize: 100, fieldNestingDepth: 0, headerPairs: 100 }
const NAME_CHARACTERS = 200

/**
 * Reads a form and keeps its file, sealed while it streams in: at no moment is it whole in memory, or on the disk in the clear. Its type
 * is what its content shows. Throws the refusals of size, type and form; then nothing is left of the file.
 */
export async function receiveFile(
  req: Request,
  res: Response,
  spec: UploadSpec,
  files: SealedFiles,
): Promise<Received> {
  if (spec.boundary === 'sniffed') await sniffBoundary(req)
  if (!req.is('multipart/form-data'))
    throw new Refusal('MEDIA_TYPE_NOT_SUPPORTED', { detail: 'Send the file as multipart/form-data' })
  const intake = new Intake(spec, files)
  const limits = { ...FIELDS, files: 1, fileSize: spec.maxBytes }
  const parse = multer({ storage: intake, limits, defParamCharset: 'utf8' }).single(FILE_FIELD)
  await new Promise<void>((resolve, reject) => {
    void parse(req, res, (error?: unknown) => (error ? reject(refusalOf(error, req, intake)) : resolve()))
  })
  const { stored } = intake
  if (!stored) throw faultOf('required', 'This is required')
  let isKept = false
  return {
    fields: { ...(req.body as Record<string, unknown>) },
    file: { ...stored, keep: () => void (isKept = true) },
    end: async () => {
      if (!isKept) await files.remove(stored.id)
    },
  }
}

/** Where multer puts the file of one request. */
class Intake implements StorageEngine {
  stored: StoredFile | undefined
  /** Why the file was not stored. */
  failure: Error | undefined

  constructor(
    readonly spec: UploadSpec,
    private readonly files: SealedFiles,
  ) {}

  _handleFile(_req: Request, file: Express.Multer.File, done: (error?: unknown) => void): void {
    this.#store(file).then(
      () => done(),
      (error: Error) => {
        this.failure = error
        done(error)
      },
    )
  }

  // Called for a file that was stored when the rest of its form turns out to be bad.
  _removeFile(_req: Request, _file: Express.Multer.File, done: (error: Error | null) => void): void {
    const { stored } = this
    if (!stored) return done(null)
    this.files.remove(stored.id).then(() => done(null), done)
  }

  async #store({ stream, originalname }: Express.Multer.File): Promise<void> {
    const id = newId()
    const key = newDataKey()
    const content = new Content(stream, this.spec)
    await this.files.put(id, key, content.read())
    this.stored = { id, key, name: cleanName(originalname), ...content.facts() }
  }
}

/** The bytes of a file on their way to the store: measured, and refused as soon as something is wrong with them. */
class Content {
  readonly #hash = createHash('sha256')
  #size = 0
  #type: FileType | undefined

  constructor(
    private readonly source: Readable,
    private readonly spec: UploadSpec,
  ) {}

  async *read(): AsyncGenerator<Buffer> {
    let head: Buffer = Buffer.alloc(0)
    for await (const chunk of this.source as AsyncIterable<Buffer>) {
      this.#size += chunk.length
      this.#hash.update(chunk)
      if (this.#type) {
        yield chunk
        continue
      }
      head = Buffer.concat([head, chunk])
      if (head.length < DETECTED_BY_BYTES) continue
      this.#type = await this.#typeOf(head)
      yield head
    }
    // At the limit multer ends the stream as if the file were whole.
    if ((this.source as { truncated?: boolean }).truncated) throw tooLarge(this.spec)
    if (this.#size === 0) throw faultOf('empty', 'Must not be empty')
    if (this.#type) return
    this.#type = await this.#typeOf(head)
    yield head
  }

  /** What is known of the content once it was read to its end. */
  facts(): { kind: FileKind; mediaType: string; size: number; sha256: string } {
    if (!this.#type) throw new Error('a file is measured before it was read')
    return { ...this.#type, size: this.#size, sha256: this.#hash.digest('hex') }
  }

  async #typeOf(head: Buffer): Promise<FileType> {
    const type = FILE_TYPES[(await detectType(head)) ?? '']
    if (type && this.spec.kinds.includes(type.kind)) return type
    throw new Refusal('FILE_TYPE_NOT_SUPPORTED')
  }
}

function refusalOf(error: unknown, req: Request, { failure, spec }: Intake): Error {
  // Whatever else went wrong, nobody is there any more to hear of it.
  if (!req.complete) return new Refusal('BODY_MALFORMED', { detail: 'The upload was broken off' })
  if (error instanceof multer.MulterError) return refusalOfMulter(error, spec)
  if (failure) return failure
  return new Refusal('BODY_MALFORMED', { detail: 'The form cannot be read' })
}

function refusalOfMulter({ code }: multer.MulterError, spec: UploadSpec): Refusal {
  if (code === 'LIMIT_FILE_SIZE') return tooLarge(spec)
  if (code === 'LIMIT_UNEXPECTED_FILE' || code === 'LIMIT_FILE_COUNT')
    return faultOf('unknown_field', `The form holds one file, in the field ${FILE_FIELD}`)
  return new Refusal('BODY_MALFORMED', { detail: 'The fields of the form are too many or too long' })
}

const tooLarge = ({ maxBytes }: UploadSpec): Refusal =>
  new Refusal('FILE_TOO_LARGE', { detail: `The file is larger than ${maxBytes} bytes` })

const faultOf = (code: string, message: string): Refusal =>
  new Refusal('VALIDATION_FAILED', { errors: [{ path: `body.${FILE_FIELD}`, code, message }] })

// Control characters, and those that turn the direction of writing: a name must look like what it is.
const NOT_IN_A_NAME = /[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

function cleanName(given: string): string {
  const name = [...given.replace(NOT_IN_A_NAME, '').trim()].slice(0, NAME_CHARACTERS).join('')
  return name || 'file'
}
