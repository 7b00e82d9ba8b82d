-- Triggers that do not fire, those behind foreign keys with them.
SELECT quote_ident(t.tgname) AS name, format('%I.%I', n.nspname, r.relname) AS table, t.tgisinternal AS is_internal,
       quote_ident(c.conname) AS constraint, count(*) OVER () AS total
FROM pg_trigger t
JOIN pg_class r ON r.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
LEFT JOIN pg_constraint c ON c.oid = t.tgconstraint
WHERE t.tgenabled = 'D'
  AND coalesce(c.conenforced, true) --since 18
ORDER BY t.tgisinternal DESC, 2, 1 LIMIT 100;
