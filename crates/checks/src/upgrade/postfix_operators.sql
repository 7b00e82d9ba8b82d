-- Operators behind their only argument, which 14 has no more.
SELECT o.oid::regoperator::text AS object, count(*) OVER () AS total
FROM pg_operator o
WHERE o.oprright = 0 AND o.oid >= 16384
ORDER BY 1 LIMIT 100;
