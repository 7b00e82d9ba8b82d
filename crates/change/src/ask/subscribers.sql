-- Publications through which a subscriber gets all columns of one of the relations $1.
SELECT string_agg(DISTINCT quote_ident(t.pubname), ', ')
FROM pg_catalog.pg_publication_tables t
JOIN pg_catalog.pg_publication p ON p.pubname = t.pubname
JOIN pg_catalog.pg_class c ON c.relname = t.tablename
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = t.schemaname
WHERE c.oid = ANY ($1::oid[])
  AND EXISTS (SELECT FROM pg_catalog.pg_replication_slots s WHERE s.plugin = 'pgoutput' AND s.database = current_database())
  -- Column lists came with PostgreSQL 15.
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r
                  WHERE r.prpubid = p.oid AND r.prrelid = c.oid AND to_jsonb(r) ->> 'prattrs' IS NOT NULL)
