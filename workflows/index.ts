import './sandbox'

export { incidentWorkflow } from './incident.workflow'
export { noticeWorkflow } from './notice.workflow'
export { webhookDeliveryWorkflow } from './webhook-delivery.workflow'
