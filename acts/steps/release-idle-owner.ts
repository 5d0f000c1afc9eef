import type { IncidentChange } from '../incident-change'
import { resumeEngine } from './resume-engine'

/** An owner who did nothing in time loses the incident; the ladder resumes, and a held search goes on. */
export function releaseIdleOwner(change: IncidentChange): void {
  change.append('dispatch.owner_idle', { owner_id: change.state.owner_id })
  resumeEngine(change)
}
