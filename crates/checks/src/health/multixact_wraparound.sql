-- Ages of the databases in multixacts, and of this database's tables that are oldest, with how many are past $1 times the age from
-- which on autovacuum acts by itself.
SELECT 'database' AS kind, quote_ident(d.datname) AS name, mxid_age(d.datminmxid) AS age,
       current_setting('autovacuum_multixact_freeze_max_age')::bigint AS freeze_max_age,
       d.datallowconn AS is_open, false AS is_temporary, 0::bigint AS past
FROM pg_database d
UNION ALL
(SELECT 'table', format('%I.%I', n.nspname, c.relname), mxid_age(c.relminmxid),
        current_setting('autovacuum_multixact_freeze_max_age')::bigint, true, c.relpersistence = 't',
        count(*) FILTER (WHERE mxid_age(c.relminmxid) >= $1::float8 * current_setting('autovacuum_multixact_freeze_max_age')::float8) OVER ()
 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 't') AND c.relminmxid <> '0'
 ORDER BY mxid_age(c.relminmxid) DESC LIMIT 5)
ORDER BY 1, 3 DESC;
