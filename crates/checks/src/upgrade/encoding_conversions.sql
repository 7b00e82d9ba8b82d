-- Conversions between encodings that are not the server's own: their functions take another argument from 14 on.
SELECT format('%I.%I', n.nspname, c.conname) AS object, count(*) OVER () AS total
FROM pg_conversion c
JOIN pg_namespace n ON n.oid = c.connamespace
WHERE c.oid >= 16384
  AND false --since 14
ORDER BY 1 LIMIT 100;
