-- Constraints of the relation with oid $1, and foreign keys that refer to it
-- (the first 100, 'total' says how many there are).
SELECT k.what, json_strip_nulls(json_build_object(
    'name', k.conname,
    'table', k.other,
    'columns', k.columns,
    'definition', k.definition,
    'not_valid', CASE WHEN NOT k.convalidated THEN true END,
    'not_enforced', CASE WHEN k.doc ->> 'conenforced' = 'false' THEN true END,
    'comment', obj_description(k.oid, 'pg_constraint'),
    'total', CASE WHEN k.what = 'referenced_by' THEN k.total END
))
FROM (
    SELECT k.oid, k.conname, k.convalidated, to_jsonb(k) AS doc, NULL::text AS other, NULL::bigint AS total,
           CASE k.contype WHEN 'p' THEN 'primary_key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclusion'
               WHEN 'f' THEN 'foreign_key' WHEN 'n' THEN 'not_null' ELSE 'constraint_trigger' END AS what,
           CASE WHEN k.contype = 'p' THEN (
               SELECT json_agg(a.attname ORDER BY u.place)
               FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, place)
               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum) END AS columns,
           pg_get_constraintdef(k.oid) AS definition
    FROM pg_constraint k
    WHERE k.conrelid = $1::oid
      AND k.contype IN ('p', 'u', 'c', 'x', 'f', 'n')
      -- A valid not-null constraint is the column's own property.
      AND NOT (k.contype = 'n' AND k.convalidated)
  UNION ALL
    SELECT * FROM (
        SELECT k.oid, k.conname, k.convalidated, to_jsonb(k), format('%I.%I', n.nspname, c.relname), count(*) OVER (),
               'referenced_by', NULL::json, pg_get_constraintdef(k.oid)
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.confrelid = $1::oid AND k.contype = 'f' AND k.conparentid = 0
        ORDER BY n.nspname, c.relname, k.conname
        LIMIT 100) refs
) k
ORDER BY k.what, k.other, k.conname;
