-- The names of types, their categories and of enumerations a label. $1: their OIDs, in order.
SELECT format_type(t.oid, NULL), y.typcategory,
       (SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder LIMIT 1)
FROM unnest($1::oid[]) WITH ORDINALITY t(oid, place)
LEFT JOIN pg_type y ON y.oid = t.oid
ORDER BY place
