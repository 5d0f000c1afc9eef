/** What a person needs once everything runs: where to look and who to be. */
export function welcome(run) {
  return [
    '',
    'Kesi is ready.',
    '',
    ...row('Start page', `${run.url}/`),
    ...row('API, to try', `${run.url}/swagger/`),
    ...row('API, to read', `${run.url}/redoc/`),
    ...(run.temporal_ui ? row('Temporal UI', run.temporal_ui) : []),
    ...row('Logs', run.log_dir),
    ...demoLogins(run.logins),
    '',
    'npm run demo (in another terminal) plays a morning against it. Ctrl-C stops everything; the data is kept.',
  ].join('\n')
}

function demoLogins(logins) {
  if (!logins) return []
  const people = Object.entries(logins).flatMap(([role, one]) =>
    Array.isArray(one) ? one.map(each => [each.provider_type ?? role, each]) : [[role, one]],
  )
  return ['', 'Demo log-ins:', ...people.flatMap(([role, { email, password }]) => row(role, `${email}  ${password}`))]
}

function row(label, text) {
  return [`  ${label.padEnd(16)} ${text}`]
}
