-- What is not as it should be after a change, a line each; $1: its tables.
WITH touched AS (
    SELECT c.oid FROM unnest($1::text[]) AS name JOIN pg_catalog.pg_class c ON c.oid = to_regclass(name)
)
SELECT format('The index %s is not valid: it costs every writer and serves no reader.', i.indexrelid::regclass)
FROM pg_catalog.pg_index i
WHERE i.indrelid IN (SELECT oid FROM touched) AND NOT (i.indisvalid AND i.indisready)
UNION ALL
SELECT format('The constraint %s on %s is not validated: rows that were there before it may break it.', quote_ident(k.conname), k.conrelid::regclass)
FROM pg_catalog.pg_constraint k
WHERE k.conrelid IN (SELECT oid FROM touched) AND NOT k.convalidated
UNION ALL
SELECT format('The trigger %s on %s is disabled.', quote_ident(t.tgname), t.tgrelid::regclass)
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid IN (SELECT oid FROM touched) AND t.tgenabled = 'D' AND NOT t.tgisinternal
ORDER BY 1
