-- Columns that may be null in a child while the parent's may not. $1: the major version that it is to become.
SELECT format('%I.%I', n.nspname, c.relname) AS relation, quote_ident(a.attname) AS name,
       format('%I.%I', pn.nspname, p.relname) AS parent, count(*) OVER () AS total
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.oid = i.inhparent
JOIN pg_namespace pn ON pn.oid = p.relnamespace
JOIN pg_attribute pa ON pa.attrelid = p.oid AND pa.attnum > 0 AND pa.attnotnull AND NOT pa.attisdropped
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = pa.attname AND NOT a.attnotnull
WHERE $1::float8 >= 18
  AND false --since 18
ORDER BY 1, a.attnum LIMIT 100;
