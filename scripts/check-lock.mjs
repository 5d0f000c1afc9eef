// npm leaves the platform packages that its registry lacks out of the lock without a word; on such a platform "npm ci" then fails or
// the product lacks a native part. So every optional dependency named in the lock must have its entry there.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './lib/command.mjs'
import { Failure } from './lib/failure.mjs'
import { PROJECT } from './lib/project.mjs'

await runCommand(() => {
  const { packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'))
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter(name => !isFoundFrom(place, name, packages))
      .map(name => `${place || 'package.json'} -> ${name}`),
  )
  if (missing.length > 0) {
    throw new Failure(
      `The lock lacks ${missing.length} optional packages:\n  ${missing.join('\n  ')}`,
      'pin the package that names them to a version whose platform packages are all published ("overrides" in package.json), npm install',
    )
  }
  console.log(`package-lock.json: ${Object.keys(packages).length} entries, no optional package missing`)
})

// As Node looks a package up: in the node_modules beside, then in the one of each package around.
function isFoundFrom(place, name, packages) {
  if (`${place ? `${place}/` : ''}node_modules/${name}` in packages) return true
  if (place === '') return false
  const around = place.lastIndexOf('/node_modules/')
  return isFoundFrom(around === -1 ? '' : place.slice(0, around), name, packages)
}
