-- Expressions that belong to relations, as trees, and operator classes that somebody added. {which} is an array of
-- OIDs, {planned} whether a write is to be planned, for which defaults and all policies count.
SELECT w.rule_of AS relation, 'rule' AS kind, w.name, w.tree, w.type
FROM (
    SELECT r.ev_class AS rule_of, r.rulename::pg_catalog.text AS name,
        pg_catalog.concat('(', r.ev_action::pg_catalog.text, ' ', r.ev_qual::pg_catalog.text, ')') AS tree,
        r.ev_type::pg_catalog.text AS type
    FROM pg_catalog.pg_rewrite AS r
    WHERE r.ev_class OPERATOR(pg_catalog.=) ANY ({which})
) AS w
UNION ALL
SELECT p.polrelid, 'policy', p.polname::pg_catalog.text,
    pg_catalog.concat('(', p.polqual::pg_catalog.text, ' ',
        CASE WHEN {planned} THEN p.polwithcheck::pg_catalog.text END, ')'), NULL
FROM pg_catalog.pg_policy AS p
WHERE p.polrelid OPERATOR(pg_catalog.=) ANY ({which})
  AND ({planned} OR p.polcmd OPERATOR(pg_catalog.=) ANY (ARRAY['r', '*']::pg_catalog."char"[]))
UNION ALL
SELECT i.indrelid, 'index', i.indexrelid::pg_catalog.regclass::pg_catalog.text,
    pg_catalog.concat('(', i.indexprs::pg_catalog.text, ' ', i.indpred::pg_catalog.text, ')'),
    (SELECT pg_catalog.string_agg(x::pg_catalog.text, ' ')
     FROM pg_catalog.unnest(i.indclass::pg_catalog.oid[]) AS x
     WHERE x OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
FROM pg_catalog.pg_index AS i
WHERE i.indrelid OPERATOR(pg_catalog.=) ANY ({which})
  AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
       OR 16384::pg_catalog.oid OPERATOR(pg_catalog.<=) ANY (i.indclass::pg_catalog.oid[]))
UNION ALL
SELECT c.conrelid, 'check', c.conname::pg_catalog.text, c.conbin::pg_catalog.text, NULL
FROM pg_catalog.pg_constraint AS c
WHERE c.conrelid OPERATOR(pg_catalog.=) ANY ({which}) AND c.conbin IS NOT NULL
UNION ALL
SELECT s.stxrelid, 'statistics', s.stxname::pg_catalog.text,
    pg_catalog.to_jsonb(s) OPERATOR(pg_catalog.->>) 'stxexprs', NULL
FROM pg_catalog.pg_statistic_ext AS s
WHERE s.stxrelid OPERATOR(pg_catalog.=) ANY ({which})
  AND pg_catalog.to_jsonb(s) OPERATOR(pg_catalog.->>) 'stxexprs' IS NOT NULL
UNION ALL
SELECT t.partrelid, 'partition key', NULL, t.partexprs::pg_catalog.text,
    (SELECT pg_catalog.string_agg(x::pg_catalog.text, ' ')
     FROM pg_catalog.unnest(t.partclass::pg_catalog.oid[]) AS x
     WHERE x OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
FROM pg_catalog.pg_partitioned_table AS t
WHERE t.partrelid OPERATOR(pg_catalog.=) ANY ({which})
  AND (t.partexprs IS NOT NULL
       OR 16384::pg_catalog.oid OPERATOR(pg_catalog.<=) ANY (t.partclass::pg_catalog.oid[]))
UNION ALL
SELECT a.attrelid, CASE a.attgenerated::pg_catalog.text WHEN 'v' THEN 'generated' WHEN 's' THEN 'stored' ELSE 'default' END,
    a.attname::pg_catalog.text, d.adbin::pg_catalog.text, NULL
FROM pg_catalog.pg_attrdef AS d
JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) d.adrelid
    AND a.attnum OPERATOR(pg_catalog.=) d.adnum
WHERE d.adrelid OPERATOR(pg_catalog.=) ANY ({which})
  AND (a.attgenerated OPERATOR(pg_catalog.=) 'v'::pg_catalog."char" OR {planned})
UNION ALL
SELECT g.tgrelid, 'trigger', g.tgname::pg_catalog.text, g.tgqual::pg_catalog.text,
    pg_catalog.concat_ws(' ', g.tgfoid, g.tgconstrrelid)
FROM pg_catalog.pg_trigger AS g
WHERE {planned}
  AND g.tgrelid OPERATOR(pg_catalog.=) ANY ({which})
  AND g.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog."char"
