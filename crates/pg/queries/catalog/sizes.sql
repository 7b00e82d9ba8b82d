-- Sizes in bytes of the relation with oid $1; of one with partitions, all that is
-- below it. Takes the weakest lock on each.
WITH RECURSIVE tree(oid) AS (
    SELECT $1::oid
  UNION
    SELECT i.inhrelid
    FROM tree
    JOIN pg_class p ON p.oid = tree.oid AND p.relkind IN ('p', 'I')
    JOIN pg_inherits i ON i.inhparent = p.oid
),
leaves AS (
    SELECT c.oid, c.reltoastrelid, c.relkind, c.reltuples, c.relpages
    FROM tree JOIN pg_class c ON c.oid = tree.oid
    WHERE c.relkind IN ('r', 'm', 't', 'i', 'S')
)
SELECT json_strip_nulls(json_build_object(
    'heap', sum(pg_relation_size(l.oid, 'main') + pg_relation_size(l.oid, 'fsm') + pg_relation_size(l.oid, 'vm')
                + pg_relation_size(l.oid, 'init')),
    'indexes', sum(pg_indexes_size(l.oid)),
    'toast', sum(CASE WHEN l.reltoastrelid <> 0 THEN pg_total_relation_size(l.reltoastrelid) END),
    'total', sum(pg_total_relation_size(l.oid)),
    'leaves', count(*),
    -- The sum only if every leaf has been analysed or vacuumed.
    'leaf_rows', CASE WHEN bool_and(l.reltuples >= 0 AND NOT (l.reltuples = 0 AND l.relpages = 0))
        THEN sum(l.reltuples)::bigint END,
    'index_sizes', (
        SELECT json_object_agg(s.root, s.bytes)
        FROM (
            WITH RECURSIVE parts(root, oid) AS (
                SELECT x.indexrelid, x.indexrelid FROM pg_index x WHERE x.indrelid = $1::oid OR x.indexrelid = $1::oid
              UNION ALL
                SELECT parts.root, i.inhrelid FROM parts JOIN pg_inherits i ON i.inhparent = parts.oid
            )
            SELECT parts.root::bigint AS root, sum(pg_relation_size(parts.oid)) AS bytes
            FROM parts JOIN pg_class c ON c.oid = parts.oid
            WHERE c.relkind = 'i'
            GROUP BY parts.root
        ) s),
    'last_value', (
        SELECT pg_sequence_last_value(q.seqrelid::regclass)
        FROM pg_sequence q
        WHERE q.seqrelid = $1::oid AND has_sequence_privilege(q.seqrelid, 'SELECT, USAGE'))
))
FROM leaves l;
