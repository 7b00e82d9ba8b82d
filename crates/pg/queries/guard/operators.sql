-- What an operator runs. {which} is an array of OIDs.
SELECT
    o.oid,
    n.nspname,
    o.oprname,
    pg_catalog.concat_ws(' ', o.oprcode::pg_catalog.oid, o.oprrest::pg_catalog.oid, o.oprjoin::pg_catalog.oid),
    pg_catalog.concat_ws(' ', o.oprcom, o.oprnegate),
    -- Both operands, if nothing but an enum or a composite type, of which no table is made, will do for each.
    CASE WHEN NOT EXISTS (
        SELECT
        FROM pg_catalog.unnest(ARRAY[o.oprleft, o.oprright]) AS a (type)
        LEFT JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) a.type
        LEFT JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.typrelid
        WHERE t.oid IS NULL
           OR t.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
           OR t.typtype OPERATOR(pg_catalog.<>) ALL (ARRAY['c', 'e']::pg_catalog."char"[])
           OR c.relkind OPERATOR(pg_catalog.<>) 'c'::pg_catalog."char"
           OR EXISTS (SELECT FROM pg_catalog.pg_class AS r WHERE r.reloftype OPERATOR(pg_catalog.=) t.oid)
           OR EXISTS (SELECT FROM pg_catalog.pg_cast AS k
                      WHERE k.casttarget OPERATOR(pg_catalog.=) t.oid
                        AND k.castcontext OPERATOR(pg_catalog.=) 'i'::pg_catalog."char")
    ) THEN
        (SELECT pg_catalog.concat_ws(' ', o.oprleft, o.oprright, pg_catalog.string_agg(t.typarray::pg_catalog.text, ' '))
         FROM pg_catalog.pg_type AS t
         WHERE t.oid OPERATOR(pg_catalog.=) ANY (ARRAY[o.oprleft, o.oprright]))
    END
FROM pg_catalog.pg_operator AS o
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
WHERE o.oid OPERATOR(pg_catalog.=) ANY ({which})
