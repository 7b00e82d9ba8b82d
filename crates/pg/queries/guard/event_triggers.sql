-- Whether definitions run code of their own.
SELECT e.evtname
FROM pg_catalog.pg_event_trigger AS e
WHERE e.evtenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog."char"
  AND e.evtevent OPERATOR(pg_catalog.<>) 'login'
LIMIT 1
