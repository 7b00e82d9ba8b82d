-- What the names mean in this session.
SELECT name, to_regclass(name)::oid
FROM unnest($1::text[]) AS name
WHERE to_regclass(name) IS NOT NULL
