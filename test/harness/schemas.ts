import { createRequire } from 'node:module'

/** The part of Ajv that is used here; the validator's own copy is taken, which knows the JSON Schema of OpenAPI 3.1. */
interface Ajv {
  addSchema(schema: object, key: string): void
  getSchema(reference: string): Validate | undefined
  errorsText(errors: unknown, options: { readonly dataVar: string }): string
}
type Validate = ((data: unknown) => boolean) & { readonly errors?: unknown }

const fromValidator = createRequire(require.resolve('express-openapi-validator'))
const { default: Ajv2020 } = fromValidator('ajv/dist/2020') as { default: new (options: object) => Ajv }
const addFormats = fromValidator('ajv-formats') as (ajv: Ajv) => void

const DOCUMENT = 'openapi'

/** The schemas of an OpenAPI document, each compiled when it is first needed. */
export class Schemas {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true })

  constructor(document: object) {
    addFormats(this.#ajv)
    this.#ajv.addSchema(document, DOCUMENT)
  }

  /** How a value contradicts the schema at these steps into the document; undefined when it does not. */
  faultAt(steps: readonly string[], value: unknown): string | undefined {
    const validate = this.#ajv.getSchema(`${DOCUMENT}#/${steps.map(escapeStep).join('/')}`)
    if (!validate) throw new Error(`the document has no schema at ${steps.join(' ')}`)
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors, { dataVar: 'body' })
  }
}

const escapeStep = (step: string): string => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))
