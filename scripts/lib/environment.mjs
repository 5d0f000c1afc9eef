/**
 * The settings of the product's processes and of the scripts that work beside them. What the person set in the environment wins, except
 * for the ports and addresses that this start has chosen.
 */
export function productEnvironment({ run, database, secrets }) {
  const url = new URL(run.url)
  const usual = {
    ...secrets.settings,
    KESI_MODE: 'demo',
    KESI_TEMPORAL_NAMESPACE: 'kesi',
    KESI_PUBLIC_URL: run.url,
    ...(run.temporal_ui ? { KESI_TEMPORAL_UI_URL: run.temporal_ui } : {}),
  }
  const chosen = {
    DATABASE_URL: database?.url ?? run.database_url,
    TEMPORAL_ADDRESS: run.temporal_address,
    KESI_URL: run.url,
    KESI_PORT: url.port || '80',
    KESI_DATA_DIR: run.data_dir,
    KESI_LOG_DIR: run.log_dir,
  }
  return { ...Object.fromEntries(Object.entries(usual).filter(([name]) => !isGiven(name))), ...chosen }
}

function isGiven(name) {
  return Boolean(process.env[name] || process.env[`${name}_FILE`])
}
