-- Indexes. Expressions and predicates as the server deparses them: that is how they are compared.
SELECT x.indrelid, x.indexrelid, i.relname, m.amname, x.indisunique, x.indisprimary, x.indisvalid, x.indisready,
       x.indnkeyatts, x.indkey::text,
       array_to_string(x.indclass, ' '), array_to_string(x.indcollation, ' '), array_to_string(x.indoption, ' '),
       CASE WHEN x.indexprs IS NOT NULL THEN pg_get_expr(x.indexprs, x.indrelid) END,
       CASE WHEN x.indpred IS NOT NULL THEN pg_get_expr(x.indpred, x.indrelid) END,
       x.indisunique AND NOT x.indisprimary AND coalesce((to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false),
       x.indisreplident, x.indisclustered,
       EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.conrelid = x.indrelid AND k.contype IN ('p', 'u', 'x')),
       EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype = 'f'),
       EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.oid),
       pg_stat_get_numscans(i.oid), i.relpages,
       EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.oid),
       array_to_string(i.reloptions, ', ')
FROM chosen c
JOIN pg_index x ON x.indrelid = c.oid
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_am m ON m.oid = i.relam
ORDER BY x.indrelid, i.relname;
