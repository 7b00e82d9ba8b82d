-- Triggers that do not fire, those behind foreign keys with them, and event triggers.
SELECT quote_ident(t.tgname) AS name, format('%I.%I', n.nspname, r.relname) AS table, t.tgisinternal AS is_internal,
       quote_ident(c.conname) AS constraint, count(*) OVER () AS total
FROM pg_trigger t
JOIN pg_class r ON r.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
LEFT JOIN pg_constraint c ON c.oid = t.tgconstraint
WHERE t.tgenabled = 'D'
  AND coalesce(c.conenforced, true) --since 18
UNION ALL
SELECT quote_ident(e.evtname), NULL, false, NULL, 1 FROM pg_event_trigger e WHERE e.evtenabled = 'D'
ORDER BY 3 DESC, 2, 1 LIMIT 100;
