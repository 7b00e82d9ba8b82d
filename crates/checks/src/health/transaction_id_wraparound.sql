-- Ages of the databases in transactions, and of this database's tables that are oldest.
SELECT 'database' AS kind, quote_ident(d.datname) AS name, age(d.datfrozenxid) AS age,
       current_setting('autovacuum_freeze_max_age')::bigint AS freeze_max_age
FROM pg_database d
UNION ALL
(SELECT 'table', format('%I.%I', n.nspname, c.relname), age(c.relfrozenxid),
        current_setting('autovacuum_freeze_max_age')::bigint
 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 't') AND c.relfrozenxid <> '0'
 ORDER BY age(c.relfrozenxid) DESC LIMIT 5)
ORDER BY 1, 3 DESC;
