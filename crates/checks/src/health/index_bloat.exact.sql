-- What pgstattuple finds in the B-tree index $1: pages above and at the leaves, and how full these are.
SELECT $1::oid AS oid, i.index_size AS bytes, i.internal_pages, i.leaf_pages, i.empty_pages, i.deleted_pages,
       i.avg_leaf_density AS density, current_setting('block_size')::int AS page
FROM {pgstattuple}.pgstatindex($1::oid) i;
