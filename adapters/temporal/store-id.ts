import type { TemporalLink } from '../../platform/temporal/connection'

/**
 * By what Temporal's store is known: the id of our namespace, which a new store makes anew. A cheap question that a server with a
 * broken store does not answer. Throws when there is no answer within 2 s.
 */
export async function findStoreId(link: Pick<TemporalLink, 'withDeadline'>): Promise<string> {
  const { namespaceInfo } = await link.withDeadline(client =>
    client.workflowService.describeNamespace({ namespace: client.options.namespace }),
  )
  return namespaceInfo?.id ?? ''
}
