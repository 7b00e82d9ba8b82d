-- Transactions that were prepared and neither committed nor rolled back. $1: least age in seconds.
SELECT quote_literal(p.gid) AS gid, quote_ident(p.owner) AS owner, quote_ident(p.database) AS database,
       p.database = current_database() AS is_here,
       extract(epoch FROM clock_timestamp() - p.prepared) AS age_s, age(p.transaction) AS xid_age,
       count(*) OVER () AS total
FROM pg_prepared_xacts p
WHERE p.prepared <= clock_timestamp() - make_interval(secs => $1::float8)
ORDER BY p.prepared LIMIT 100;
