-- What brings indexes back as they are, that of each partition with its own name. $1: the OIDs of the indexes.
SELECT w.oid, t.level, format('%I.%I', n.nspname, i.relname),
       (SELECT format('%I.%I', pn.nspname, p.relname) FROM pg_class p JOIN pg_namespace pn ON pn.oid = p.relnamespace
        WHERE p.oid = t.parent),
       i.relkind = 'I', pg_get_indexdef(i.oid),
       CASE WHEN x.indpred IS NOT NULL THEN ' WHERE ' || pg_get_expr(x.indpred, x.indrelid) END,
       (SELECT quote_ident(s.spcname) FROM pg_tablespace s WHERE s.oid = i.reltablespace),
       obj_description(i.oid, 'pg_class'),
       CASE WHEN x.indisclustered THEN format('%I.%I CLUSTER ON %I', tn.nspname, c.relname, i.relname) END,
       (SELECT coalesce(json_agg(format('%s SET STATISTICS %s', a.attnum, a.attstattarget) ORDER BY a.attnum), '[]')
        FROM pg_attribute a WHERE a.attrelid = i.oid AND a.attstattarget >= 0)::text
FROM unnest($1::oid[]) w(oid)
CROSS JOIN LATERAL (
    SELECT r.relid::oid AS relid, r.parentrelid::oid AS parent, r.level FROM pg_partition_tree(w.oid) r
    UNION ALL
    SELECT w.oid, NULL, 0 WHERE NOT EXISTS (SELECT FROM pg_partition_tree(w.oid))) t
JOIN pg_class i ON i.oid = t.relid
JOIN pg_namespace n ON n.oid = i.relnamespace
JOIN pg_index x ON x.indexrelid = i.oid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace tn ON tn.oid = c.relnamespace
ORDER BY w.oid, t.level, i.relname
