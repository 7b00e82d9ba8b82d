-- What a killed REINDEX CONCURRENTLY of index $2 on table $1 left behind.
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index o ON o.indexrelid = to_regclass($2)
WHERE i.indrelid = $1::regclass AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
  AND (i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text)
    = (o.indkey::text, o.indclass::text, o.indcollation::text, o.indoption::text)
  AND pg_catalog.pg_get_expr(i.indexprs, i.indrelid) IS NOT DISTINCT FROM pg_catalog.pg_get_expr(o.indexprs, o.indrelid)
  AND pg_catalog.pg_get_expr(i.indpred, i.indrelid) IS NOT DISTINCT FROM pg_catalog.pg_get_expr(o.indpred, o.indrelid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.relid = i.indrelid)
