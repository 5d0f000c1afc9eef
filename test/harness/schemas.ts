import addFormats from 'ajv-formats'
// The JSON Schema of OpenAPI 3.1.
import { Ajv2020 } from 'ajv/dist/2020'

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
