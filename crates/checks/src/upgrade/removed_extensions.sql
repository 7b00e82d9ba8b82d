-- Extensions that a later version has no more. $1: the major version that it is to become.
SELECT quote_ident(e.extname) AS name, gone.major, count(*) OVER () AS total
FROM (VALUES ('adminpack', 17), ('old_snapshot', 17), ('plpythonu', 15), ('plpython2u', 15), ('hstore_plpythonu', 15),
             ('hstore_plpython2u', 15), ('jsonb_plpythonu', 15), ('jsonb_plpython2u', 15), ('ltree_plpythonu', 15),
             ('ltree_plpython2u', 15)) AS gone (name, major)
JOIN pg_extension e ON e.extname = gone.name
WHERE gone.major <= $1::float8
ORDER BY 1 LIMIT 100;
