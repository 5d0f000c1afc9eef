// Packages that are ES modules only: Node can require them, jest's own module loader cannot, so they are compiled for it.
const FILE_TYPE = ['file-type', 'strtok3', 'token-types', 'uint8array-extras', '@tokenizer', '@borewit']
const ES_MODULE_PACKAGES = ['jose', 'uuid', ...FILE_TYPE]

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.kesi/'],
  watchPathIgnorePatterns: ['<rootDir>/.kesi/'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: {
    '^.+\\.m?[jt]s$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', keepClassNames: true, parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULE_PACKAGES.join('|')})/)`],
  testTimeout: 30_000,
  collectCoverageFrom: ['{domain,acts,workflows,api,activities}/**/*.ts', '!**/*.test.ts'],
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'json-summary', 'lcov'],
}
