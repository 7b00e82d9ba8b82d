-- Denial of service: whatever becomes of these, the next call is answered, in time, with little memory.

-- name: deep-arithmetic
-- judge: survives
SELECT {{repeat 30000 1+}}1
-- name: deep-parentheses
-- judge: survives
SELECT {{repeat 20000 (}}1{{repeat 20000 )}}
-- name: deep-not
-- judge: survives
SELECT {{repeat 20000 NOT }}true
-- name: deep-case
-- judge: survives
SELECT {{repeat 5000 CASE WHEN true THEN }}1{{repeat 5000  END}}
-- name: deep-subqueries
-- judge: survives
SELECT {{repeat 3000 (SELECT }}1{{repeat 3000 )}}
-- name: deep-arrays
-- judge: survives
SELECT {{repeat 10000 ARRAY[}}1{{repeat 10000 ]}}
-- name: deep-and
-- judge: survives
SELECT true{{repeat 20000  AND (true}}{{repeat 20000 )}}
-- name: deep-concat
-- judge: survives
SELECT 'a'{{repeat 20000 ||'a'}}
-- name: deep-unary
-- judge: survives
SELECT {{repeat 30000 - }}1
-- name: deep-casts
-- judge: survives
SELECT 1{{repeat 20000 ::int}}
-- name: deep-functions
-- judge: survives
SELECT {{repeat 8000 abs(}}1{{repeat 8000 )}}
-- name: deep-joins
-- judge: survives
SELECT 1 FROM {{repeat 3000 (h.canary CROSS JOIN }}h.canary{{repeat 3000 )}}
-- name: deep-unions
-- judge: survives
SELECT 1{{repeat 10000  UNION ALL SELECT 1}}
-- name: deep-ctes
-- judge: survives
{{repeat 3000 WITH a AS (}}SELECT 1{{repeat 3000 ) SELECT 1}}
-- name: deep-comments
-- judge: survives
SELECT {{repeat 100000 /*}}1{{repeat 100000 */}}
-- name: deep-explain-options
-- judge: survives
EXPLAIN ({{repeat 20000 COSTS,}}COSTS) SELECT 1
-- name: unterminated-comment
-- judge: survives
SELECT {{repeat 100000 /*}}
-- name: unterminated-quote
-- judge: survives
SELECT '{{repeat 100000 x}}
-- name: unterminated-dollar-quote
-- judge: survives
SELECT $a${{repeat 100000 $}}
-- name: many-statements
-- judge: survives
{{repeat 50000 SELECT 1;}}
-- name: many-semicolons
-- judge: survives
{{repeat 200000 ;}}
-- name: long-identifier
-- judge: survives
SELECT 1 AS {{repeat 500000 a}}
-- name: many-columns
-- judge: survives
SELECT 1{{repeat 20000 ,1}}
-- name: many-functions
-- judge: survives
SELECT abs(1){{repeat 1500 ,abs(1)}}
-- name: huge-in-list
-- judge: survives
SELECT 1 WHERE 1 IN (1{{repeat 50000 ,2}})
-- name: larger-than-any-limit
-- judge: survives
SELECT '{{repeat 3000000 x}}'
-- name: huge-cell
-- judge: survives
SELECT repeat('x', 100000000)
-- name: huge-cells
-- judge: survives
SELECT repeat('x', 10000000) FROM generate_series(1, 20)
-- name: huge-json
-- judge: survives
SELECT jsonb_build_object('a', repeat('x', 20000000))
-- name: huge-array
-- judge: survives
SELECT array_agg(i) FROM generate_series(1, 2000000) i
-- name: deep-json
-- judge: survives
SELECT (repeat('[', 6000) || repeat(']', 6000))::json
-- name: wide-rows
-- judge: survives
SELECT {{repeat 1500 repeat('x', 1000),}} 1 FROM generate_series(1, 500)
-- name: many-rows
-- judge: survives
SELECT i, repeat('y', 100) FROM generate_series(1, 2000000) i
-- name: many-notices
-- judge: survives
SELECT h.many_notices()
-- name: huge-notice
-- judge: survives
SELECT h.huge_notice()
-- name: huge-error
-- judge: survives
SELECT h.huge_error()
-- name: error-with-huge-cell
-- judge: survives
SELECT repeat('9', 1000000)::int
-- name: nul
-- judge: survives
SELECT 'a{{nul}}b'
-- name: nul-then-statement
-- judge: survives
SELECT 1{{nul}}; DELETE FROM h.canary
-- name: bom
-- judge: survives
{{bom}}SELECT 1
-- name: empty
-- judge: survives

-- name: only-spaces
-- judge: survives
   
-- name: only-comment
-- judge: survives
/* nothing */
-- name: column-name-trick
-- judge: survives
SELECT 1 AS "a{{repeat 3000 b}}", 2 AS "a", 3 AS "a"
-- setup: noisy functions
CREATE FUNCTION h.many_notices() RETURNS int LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..50000 LOOP RAISE NOTICE 'notice %', i; END LOOP; RETURN 1; END $$;
CREATE FUNCTION h.huge_notice() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', repeat('x', 60000000); RETURN 1; END $$;
CREATE FUNCTION h.huge_error() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', repeat('x', 60000000); END $$;
-- name: xml-entities
-- judge: survives
SELECT xmlparse(document '<!DOCTYPE a [<!ENTITY a "{{repeat 50 x}}"><!ENTITY b "{{repeat 50 &a;}}"><!ENTITY c "{{repeat 50 &b;}}"><!ENTITY d "{{repeat 50 &c;}}"><!ENTITY e "{{repeat 50 &d;}}">]><a>&e;</a>')
-- name: generic-plan-of-many-parameters
-- judge: survives
EXPLAIN (GENERIC_PLAN) SELECT $65535::int, $1::int
