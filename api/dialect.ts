import type { Refusal, RefusalCode } from '../domain/refusals'
import { problemAnswers, problemSchemas, PROBLEM_TYPE, type ProblemAnswer } from './docs/problems'
import type { JsonSchema } from './docs/sample'
import { problemOf } from './problem-document'
import type { Route } from './route'

/** A refusal as it leaves. */
export interface WrittenRefusal {
  readonly status: number
  readonly mediaType: string
  readonly body: object
}

/** What a refusal answers. */
export interface Refused {
  readonly requestId: string
  readonly publicUrl: string
  /** Undefined where nothing is declared at the address. */
  readonly route: Route | undefined
}

/** How a family of routes says no, and how its document describes itself and that. */
export interface Dialect {
  readonly title: string
  readonly description: string
  write(refusal: Refusal, refused: Refused): WrittenRefusal
  /** The schemas of refusals with these codes, by their names among the document's components. */
  schemas(codes: readonly RefusalCode[]): Readonly<Record<string, JsonSchema>>
  /** The answers of a route that may be refused with these codes, by status. */
  answers(codes: readonly RefusalCode[], route: Route): Readonly<Record<string, ProblemAnswer>>
}

/** The product's own. */
export const CORE: Dialect = {
  title: 'Kesi',
  description:
    'A workflow-orchestrated case management engine. Every refusal is an `application/problem+json` document whose `code` is one of a closed list.',
  write: (refusal, { requestId, publicUrl }) => ({
    status: refusal.status,
    mediaType: PROBLEM_TYPE,
    body: problemOf(refusal, requestId, publicUrl),
  }),
  schemas: problemSchemas,
  answers: problemAnswers,
}
