-- Transactions that were prepared and neither committed nor rolled back, however young.
SELECT quote_literal(p.gid) AS gid, quote_ident(p.owner) AS owner, quote_ident(p.database) AS database,
       round(extract(epoch FROM clock_timestamp() - p.prepared)) AS age_s, count(*) OVER () AS total
FROM pg_prepared_xacts p
ORDER BY p.prepared LIMIT 100;
