import type { MessageType } from './conversations'

export const FILE_KINDS = ['image', 'audio', 'document'] as const
export type FileKind = (typeof FILE_KINDS)[number]

export interface FileType {
  readonly kind: FileKind
  /** As it is given out again. */
  readonly mediaType: string
}

const image = (mediaType: string): FileType => ({ kind: 'image', mediaType })
const audio = (mediaType: string): FileType => ({ kind: 'audio', mediaType })

/**
 * The types that are taken, by what the content is recognised as. Phones record sound into containers that are recognised as video;
 * they are taken for the sound that they carry. What can hold a script, such as SVG or HTML, is not among them.
 */
export const FILE_TYPES: Readonly<Record<string, FileType>> = {
  'image/jpeg': image('image/jpeg'),
  'image/png': image('image/png'),
  'image/webp': image('image/webp'),
  'image/gif': image('image/gif'),
  'image/heic': image('image/heic'),
  'image/heic-sequence': image('image/heic'),
  'image/heif': image('image/heif'),
  'image/heif-sequence': image('image/heif'),
  'audio/mpeg': audio('audio/mpeg'),
  'audio/x-m4a': audio('audio/mp4'),
  'audio/mp4': audio('audio/mp4'),
  'video/mp4': audio('audio/mp4'),
  'audio/ogg': audio('audio/ogg'),
  'audio/ogg; codecs=opus': audio('audio/ogg'),
  'video/webm': audio('audio/webm'),
  'audio/wav': audio('audio/wav'),
  'audio/flac': audio('audio/flac'),
  'application/pdf': { kind: 'document', mediaType: 'application/pdf' },
}

/** Every media type under which a file of these kinds leaves again. */
export const mediaTypesOf = (kinds: readonly FileKind[]): string[] => [
  ...new Set(
    Object.values(FILE_TYPES)
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ mediaType }) => mediaType),
  ),
]

/** Does a message of this type carry this kind of file? A text carries none; a file is of any kind. */
export function carries(type: MessageType, kind: FileKind | null): boolean {
  switch (type) {
    case 'text':
      return kind === null
    case 'image':
    case 'audio':
      return kind === type
    case 'file':
      return kind !== null
  }
}
