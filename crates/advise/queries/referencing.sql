-- The foreign keys that point at relations: a row that is deleted there is looked for here. $1: the relations' OIDs.
SELECT k.confrelid, n.nspname, c.relname,
       to_json(ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u(attnum, place)
                     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY place))::text,
       to_json(ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY u(attnum, place)
                     JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum ORDER BY place))::text,
       k.conname
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.confrelid = ANY ($1::oid[]) AND k.conparentid = 0
ORDER BY k.confrelid, k.oid;
