-- Triggers that do not fire, of the relations that are reviewed.
SELECT g.tgrelid, g.tgname
FROM chosen c
JOIN pg_trigger g ON g.tgrelid = c.oid
WHERE g.tgenabled = 'D' AND NOT c.relispartition
  -- Those of a foreign key are switched off one by one, all by ALTER TABLE … DISABLE TRIGGER ALL.
  AND (NOT g.tgisinternal OR g.tgconstraint <> 0)
ORDER BY g.tgrelid, g.tgisinternal, g.tgname;
