-- What the planner is to know of columns. Arrays of a type's values come as text: they are read as arrays of that type,
-- of a domain of the one below it, with the operators that ANALYZE would name.
WITH RECURSIVE known AS (
  SELECT * FROM pg_catalog.json_to_recordset(/* columns */) AS v(
    s text, t text, c text, i bool, n real, w int4, d real, v text, f text, h text, o real, e text, g text, k text)
), found AS (
  SELECT a.attrelid, a.attnum, a.attcollation, a.atttypid, k.*
    FROM known AS k
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = k.s
    JOIN pg_catalog.pg_class AS r ON r.relnamespace = n.oid AND r.relname = k.t
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attname = k.c AND NOT a.attisdropped
   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_statistic AS s
                      WHERE s.starelid = a.attrelid AND s.staattnum = a.attnum AND s.stainherit = k.i)
), bases (type, base) AS (
  SELECT DISTINCT atttypid, atttypid FROM found
  UNION ALL
  SELECT b.type, t.typbasetype FROM bases AS b JOIN pg_catalog.pg_type AS t ON t.oid = b.base AND t.typtype = 'd'
), typed AS (
  SELECT b.type, t.oid AS base,
         CASE WHEN t.oid = 'tsvector'::pg_catalog.regtype THEN 'text'::pg_catalog.regtype::pg_catalog.oid ELSE t.typelem END AS element
    FROM bases AS b JOIN pg_catalog.pg_type AS t ON t.oid = b.base AND t.typtype <> 'd'
), ordered AS (
  SELECT of.type,
         CASE WHEN t.typtype = 'e' THEN 3516 WHEN t.typcategory = 'A' THEN 1070 WHEN t.oid = 1043 THEN 98
              ELSE eq.amopopr END AS eq,
         CASE WHEN t.typtype = 'e' THEN 3518 WHEN t.typcategory = 'A' THEN 1072 WHEN t.oid = 1043 THEN 664
              ELSE lt.amopopr END AS lt
    FROM (SELECT base AS type FROM typed UNION SELECT element FROM typed WHERE element <> 0) AS of
    JOIN pg_catalog.pg_type AS t ON t.oid = of.type
    LEFT JOIN pg_catalog.pg_opclass AS o ON o.opcmethod = 403 AND o.opcdefault AND o.opcintype = t.oid
    LEFT JOIN pg_catalog.pg_amop AS eq ON eq.amopfamily = o.opcfamily AND eq.amopstrategy = 3
                                      AND eq.amoplefttype = t.oid AND eq.amoprighttype = t.oid
    LEFT JOIN pg_catalog.pg_amop AS lt ON lt.amopfamily = o.opcfamily AND lt.amopstrategy = 1
                                      AND lt.amoplefttype = t.oid AND lt.amoprighttype = t.oid
)
INSERT INTO pg_catalog.pg_statistic (
  starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct, stakind1, stakind2, stakind3, stakind4, stakind5,
  staop1, staop2, staop3, staop4, staop5, stacoll1, stacoll2, stacoll3, stacoll4, stacoll5,
  stanumbers1, stanumbers3, stanumbers4, stanumbers5, stavalues1, stavalues2, stavalues4)
SELECT f.attrelid, f.attnum, f.i, f.n, f.w, f.d,
       CASE WHEN f.v IS NOT NULL AND o.eq IS NOT NULL THEN 1 ELSE 0 END,
       CASE WHEN f.h IS NOT NULL AND o.lt IS NOT NULL THEN 2 ELSE 0 END,
       CASE WHEN f.o IS NOT NULL AND o.lt IS NOT NULL THEN 3 ELSE 0 END,
       CASE WHEN f.e IS NOT NULL AND p.eq IS NOT NULL THEN 4 ELSE 0 END,
       CASE WHEN f.k IS NOT NULL AND p.eq IS NOT NULL THEN 5 ELSE 0 END,
       coalesce(o.eq, 0), coalesce(o.lt, 0), coalesce(o.lt, 0), coalesce(p.eq, 0), coalesce(p.eq, 0),
       f.attcollation, f.attcollation, f.attcollation,
       CASE WHEN p.type = 'text'::pg_catalog.regtype AND f.attcollation = 0 THEN 100 ELSE f.attcollation END,
       CASE WHEN p.type = 'text'::pg_catalog.regtype AND f.attcollation = 0 THEN 100 ELSE f.attcollation END,
       f.f::real[], CASE WHEN f.o IS NOT NULL THEN ARRAY[f.o] END, f.g::real[], f.k::real[],
       CASE WHEN f.v IS NOT NULL THEN pg_catalog.array_in(f.v::pg_catalog.cstring, t.base, -1) END,
       CASE WHEN f.h IS NOT NULL THEN pg_catalog.array_in(f.h::pg_catalog.cstring, t.base, -1) END,
       CASE WHEN f.e IS NOT NULL THEN pg_catalog.array_in(f.e::pg_catalog.cstring, t.element, -1) END
  FROM found AS f
  JOIN typed AS t ON t.type = f.atttypid
  LEFT JOIN ordered AS o ON o.type = t.base
  LEFT JOIN ordered AS p ON p.type = t.element;
