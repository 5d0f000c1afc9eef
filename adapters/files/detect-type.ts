import { fileTypeFromBuffer } from 'file-type/core'

/** A type is recognised by this many bytes at the beginning. */
export const DETECTED_BY_BYTES = 4_100

/** The media type that a file's first bytes show, whatever its name says; undefined when they show none. */
export async function detectType(firstBytes: Uint8Array): Promise<string | undefined> {
  return (await fileTypeFromBuffer(firstBytes))?.mime
}
