-- Ages of the databases in multixacts, and of this database's tables that are oldest.
SELECT 'database' AS kind, quote_ident(d.datname) AS name, mxid_age(d.datminmxid) AS age,
       current_setting('autovacuum_multixact_freeze_max_age')::bigint AS freeze_max_age
FROM pg_database d
UNION ALL
(SELECT 'table', format('%I.%I', n.nspname, c.relname), mxid_age(c.relminmxid),
        current_setting('autovacuum_multixact_freeze_max_age')::bigint
 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 't') AND c.relminmxid <> '0'
 ORDER BY mxid_age(c.relminmxid) DESC LIMIT 5)
ORDER BY 1, 3 DESC;
