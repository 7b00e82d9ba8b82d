-- The indexes of the relation with oid $1, or the index that it is. Takes no lock.
SELECT json_strip_nulls(json_build_object(
    'oid', i.oid::bigint,
    'name', i.relname,
    'primary', CASE WHEN x.indisprimary THEN true END,
    'unique', CASE WHEN x.indisunique AND NOT x.indisprimary THEN true END,
    'constraint', (SELECT k.conname FROM pg_constraint k
                   WHERE k.conindid = i.oid AND k.conrelid = x.indrelid AND k.contype IN ('p', 'u', 'x')
                     AND k.conname <> i.relname),
    'full_definition', pg_get_indexdef(i.oid),
    -- The definition starts with exactly this, whatever the names contain.
    'head', format('CREATE %sINDEX %I ON %s%I.%I USING ', CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END, i.relname,
                   CASE WHEN t.relkind = 'p' AND i.relkind = 'I' THEN 'ONLY ' ELSE '' END, n.nspname, t.relname),
    'scans', CASE WHEN i.relkind = 'i' THEN pg_stat_get_numscans(i.oid) END,
    'invalid', CASE WHEN NOT x.indisvalid THEN true END,
    'not_ready', CASE WHEN NOT x.indisready THEN true END,
    'clustered', CASE WHEN x.indisclustered THEN true END,
    'replica_identity', CASE WHEN x.indisreplident THEN true END,
    'tablespace', (SELECT s.spcname FROM pg_tablespace s WHERE s.oid = i.reltablespace),
    'comment', obj_description(i.oid, 'pg_class')
))
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE x.indrelid = $1::oid OR x.indexrelid = $1::oid
ORDER BY x.indisprimary DESC, x.indisunique DESC, i.relname;
