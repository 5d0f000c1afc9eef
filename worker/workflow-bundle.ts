import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker'
import { failureConverterPath } from '../platform/temporal/data-converter'

/** Where `npm run build` puts the bundle: beside the compiled folders. */
export const BUNDLE_PATH = join(__dirname, '..', 'workflow-bundle.js')

const WORKFLOWS = require.resolve('../workflows')

/**
 * Bundles the workflows with the failure converter that client and worker use too. Takes about a second. All modules are loaded once and
 * shared, for none keeps anything of a run: loaded anew for each run, their code would never be compiled.
 */
export async function makeWorkflowBundle(): Promise<{ code: string }> {
  return bundleWorkflowCode({
    workflowsPath: WORKFLOWS,
    failureConverterPath,
    preloadModules: [WORKFLOWS, failureConverterPath],
    logger: new DefaultLogger('WARN'),
  })
}

/** The bundle that the build made, or one made now where there was no build. */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  return existsSync(BUNDLE_PATH) ? { codePath: BUNDLE_PATH } : makeWorkflowBundle()
}
