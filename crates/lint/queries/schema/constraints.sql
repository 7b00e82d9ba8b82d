-- Constraints, but not those that a partition or child has from its parent.
-- NOT NULL constraints, which are rows of this catalog from 18 on, are the columns' matter, but for those not validated.
SELECT k.conrelid, k.conname, k.contype, k.conkey, k.confrelid, k.confkey, k.confdeltype, k.convalidated, k.conindid,
       CASE WHEN k.contype = 'c' THEN pg_get_constraintdef(k.oid) END,
       k.condeferrable
FROM chosen c
JOIN pg_constraint k ON k.conrelid = c.oid
WHERE k.contype IN ('p', 'u', 'f', 'c', 'x', 'n')
  AND k.conparentid = 0
  AND (k.contype <> 'n' OR NOT k.convalidated)
  AND NOT (k.contype IN ('c', 'n') AND NOT k.conislocal)
ORDER BY k.conrelid, k.conname;
