export { incidentWorkflow } from './incident.workflow'
export { noticeWorkflow } from './notice.workflow'
