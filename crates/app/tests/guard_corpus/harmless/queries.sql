-- What developers ask all day.

-- setup: shop
CREATE SCHEMA shop;
CREATE TYPE shop.status AS ENUM ('new', 'paid', 'sent');
CREATE DOMAIN shop.positive AS numeric(10, 2) CHECK (VALUE >= 0);
CREATE TABLE shop.customers (id int PRIMARY KEY, name text NOT NULL, email varchar(100) UNIQUE, born date, tags text[], extra jsonb, parent int REFERENCES shop.customers, created timestamptz DEFAULT now());
CREATE TABLE shop.orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES shop.customers, status shop.status NOT NULL, total shop.positive, placed timestamp, period tsrange, note text);
CREATE INDEX ON shop.orders (customer_id);
CREATE INDEX ON shop.customers (lower(email));
CREATE INDEX ON shop.orders (date_trunc('day', placed)) WHERE status <> 'sent';
INSERT INTO shop.customers SELECT i, 'Customer ' || i, 'c' || i || '@example.com', date '1980-01-01' + i * 100, ARRAY['a' || i % 3, 'b'], jsonb_build_object('k', i, 'list', jsonb_build_array(i, i + 1), 'nested', jsonb_build_object('x', 'y' || i)), CASE WHEN i > 3 THEN i / 3 END FROM generate_series(1, 30) i;
INSERT INTO shop.orders SELECT i, i % 30 + 1, (ARRAY['new', 'paid', 'sent'])[i % 3 + 1]::shop.status, i * 1.25, timestamp '2024-01-01' + i * interval '7 hours', tsrange(timestamp '2024-01-01' + i * interval '1 day', timestamp '2024-01-03' + i * interval '1 day'), 'note ' || i FROM generate_series(1, 200) i;
ALTER TABLE shop.orders ADD CONSTRAINT total_small CHECK (total < 1000000);
CREATE SEQUENCE shop.numbers;
SELECT nextval('shop.numbers');
CREATE VIEW shop.paid AS SELECT o.id, c.name, round(o.total, 1) AS total, upper(c.email) AS email FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id WHERE o.status = 'paid';
CREATE VIEW shop.per_customer AS SELECT c.id, c.name, count(o.id) AS orders, coalesce(sum(o.total), 0) AS total FROM shop.customers c LEFT JOIN shop.orders o ON o.customer_id = c.id GROUP BY c.id, c.name;
CREATE MATERIALIZED VIEW shop.totals AS SELECT status, sum(total) AS total FROM shop.orders GROUP BY status;

-- name: one
SELECT 1
-- name: one-semicolon
SELECT 1;
-- name: values
VALUES (1, 'a'), (2, NULL)
-- name: table
TABLE shop.totals ORDER BY status
-- name: join
SELECT c.name, o.id FROM shop.customers c JOIN shop.orders o ON o.customer_id = c.id WHERE o.total > 200 ORDER BY o.id
-- name: join-using
SELECT count(*) FROM shop.orders a JOIN shop.orders b USING (customer_id, status)
-- name: natural-join
SELECT count(*) FROM shop.customers NATURAL JOIN (SELECT id, name FROM shop.customers WHERE id < 5) x
-- name: full-join
SELECT a.i, b.i FROM generate_series(1, 3) a(i) FULL JOIN generate_series(2, 4) b(i) ON a.i = b.i ORDER BY 1, 2
-- name: left-join-coalesce
SELECT c.id, coalesce(o.total, 0) FROM shop.customers c LEFT JOIN shop.orders o ON o.id = c.id * 10 ORDER BY 1
-- name: group-having
SELECT status, count(*), sum(total), avg(total), min(placed), max(note) FROM shop.orders GROUP BY status HAVING count(*) > 1 ORDER BY status
-- name: grouping-sets
SELECT status, customer_id % 2, count(*), grouping(status) FROM shop.orders GROUP BY GROUPING SETS ((status), (customer_id % 2), ()) ORDER BY 1, 2, 3
-- name: rollup-cube
SELECT status, extract(month FROM placed) AS m, sum(total) FROM shop.orders GROUP BY ROLLUP (1), CUBE (2) ORDER BY 1, 2
-- name: cte
WITH big AS (SELECT * FROM shop.orders WHERE total > 100), n AS (SELECT count(*) AS n FROM big) SELECT n FROM n
-- name: cte-materialized
WITH x AS MATERIALIZED (SELECT 1 AS a), y AS NOT MATERIALIZED (SELECT a + 1 AS b FROM x) SELECT * FROM x, y
-- name: recursive
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t
-- name: recursive-tree
WITH RECURSIVE tree AS (SELECT id, parent, 1 AS depth, ARRAY[id] AS path FROM shop.customers WHERE parent IS NULL UNION ALL SELECT c.id, c.parent, t.depth + 1, t.path || c.id FROM shop.customers c JOIN tree t ON c.parent = t.id) SELECT * FROM tree ORDER BY path
-- name: recursive-search-cycle
-- min: 14
WITH RECURSIVE t(id, parent) AS (SELECT id, parent FROM shop.customers WHERE id = 1 UNION ALL SELECT c.id, c.parent FROM shop.customers c JOIN t ON c.parent = t.id) SEARCH DEPTH FIRST BY id SET o CYCLE id SET is_cycle USING path SELECT id FROM t ORDER BY o
-- name: window
-- min: 14
SELECT id, total, sum(total) OVER w, rank() OVER (ORDER BY total DESC), lag(total, 1, 0::numeric) OVER w, ntile(4) OVER w, first_value(id) OVER w, row_number() OVER w FROM shop.orders WHERE id < 20 WINDOW w AS (PARTITION BY status ORDER BY id) ORDER BY id
-- name: window-frames
SELECT id, avg(total) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW EXCLUDE TIES), count(*) OVER (ORDER BY placed RANGE BETWEEN interval '1 day' PRECEDING AND interval '1 day' FOLLOWING), sum(id) OVER (ORDER BY status GROUPS 1 PRECEDING) FROM shop.orders WHERE id < 15 ORDER BY id
-- name: lateral
SELECT c.id, x.id FROM shop.customers c CROSS JOIN LATERAL (SELECT o.id FROM shop.orders o WHERE o.customer_id = c.id ORDER BY total DESC LIMIT 1) x ORDER BY c.id
-- name: lateral-function
SELECT c.id, t FROM shop.customers c, unnest(c.tags) WITH ORDINALITY AS u(t, n) WHERE n = 1 ORDER BY 1
-- name: distinct
SELECT DISTINCT status FROM shop.orders ORDER BY 1
-- name: distinct-on
SELECT DISTINCT ON (customer_id) customer_id, id FROM shop.orders ORDER BY customer_id, total DESC
-- name: set-operations
(SELECT 1 UNION SELECT 2) INTERSECT SELECT 2 EXCEPT ALL SELECT 5
-- name: order-nulls-limit
SELECT parent FROM shop.customers ORDER BY parent DESC NULLS LAST, id LIMIT 5 OFFSET 2
-- name: fetch-with-ties
SELECT status FROM shop.orders ORDER BY status FETCH FIRST 2 ROWS WITH TIES
-- name: limit-null-all
SELECT 1 LIMIT ALL
-- name: exists-in-any
SELECT id FROM shop.customers c WHERE EXISTS (SELECT FROM shop.orders o WHERE o.customer_id = c.id AND o.status = ANY ('{new,paid}')) AND id IN (SELECT customer_id FROM shop.orders) AND id NOT IN (5, 6) ORDER BY id
-- name: case-forms
SELECT CASE status WHEN 'new' THEN 1 WHEN 'paid' THEN 2 ELSE 3 END, CASE WHEN total > 10 THEN 'big' END, nullif(id, 3), greatest(1, id), least(id, 2) FROM shop.orders ORDER BY id LIMIT 5
-- name: row-comparison
SELECT (id, customer_id) > (10, 5), ROW(1, 2) IN (ROW(1, 2), ROW(3, 4)), (1, NULL) IS NULL FROM shop.orders ORDER BY id LIMIT 3
-- name: filter-within-group
SELECT count(*) FILTER (WHERE total > 50), percentile_cont(0.5) WITHIN GROUP (ORDER BY total), percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY total), mode() WITHIN GROUP (ORDER BY status), string_agg(DISTINCT status::text, ',' ORDER BY status::text) FROM shop.orders
-- name: statistics-aggregates
SELECT stddev(total), stddev_pop(total), variance(total), var_samp(total), corr(id, total), regr_slope(id, total), covar_pop(id, id) FROM shop.orders
-- name: boolean-aggregates
SELECT bool_and(total > 0), bool_or(total > 200), every(id > 0), bit_and(id), bit_or(id), count(DISTINCT status) FROM shop.orders
-- name: array-aggregates
SELECT array_agg(id ORDER BY id DESC), json_agg(status ORDER BY id), jsonb_object_agg(id, total), xmlagg(xmlelement(name o, id) ORDER BY id) FROM shop.orders WHERE id < 4
-- name: hypothetical
SELECT rank(100) WITHIN GROUP (ORDER BY total), dense_rank(100) WITHIN GROUP (ORDER BY total), cume_dist(5) WITHIN GROUP (ORDER BY id) FROM shop.orders
-- name: like-constant
SELECT name FROM shop.customers WHERE name LIKE 'Customer 1%' AND name NOT LIKE '%9' ORDER BY id
-- name: like-column
SELECT count(*) FROM shop.customers a JOIN shop.customers b ON a.name LIKE b.name || '%'
-- name: like-escape
SELECT 'a_b' LIKE 'a!_b' ESCAPE '!', 'x' ILIKE 'X', 'abc' SIMILAR TO '(a|b)%', 'abc' ~ '^a.c$', 'ABC' ~* 'b', 'abc' !~ 'z', 'a' LIKE ANY (ARRAY['a%', 'b%'])
-- name: regexp
SELECT regexp_replace('abc123', '[0-9]+', 'x', 'g'), regexp_matches('foobarbaz', 'b(.)(.)', 'g'), regexp_split_to_array('a,b,c', ','), substring('foobar' FROM 'o(.)b'), (regexp_match('ab12', '\d+'))[1]
-- name: regexp-15
-- min: 15
SELECT regexp_count('banana', 'a'), regexp_instr('banana', 'n'), regexp_like('x', 'X', 'i'), regexp_substr('abc', 'b.')
-- name: strings
SELECT lower('A'), upper('b'), initcap('foo bar'), length('äöü'), octet_length('ä'), position('b' IN 'abc'), substring('abcdef' FROM 2 FOR 3), trim(BOTH 'x' FROM 'xxaxx'), lpad('7', 3, '0'), repeat('ab', 3), reverse('abc'), replace('aXb', 'X', '-'), split_part('a.b.c', '.', 2), concat_ws('-', 'a', NULL, 'b'), format('%s %I %L', 'a', 'b c', 'd''e'), left('abc', 2), right('abc', 2), overlay('abcdef' PLACING 'zz' FROM 2 FOR 2), translate('abc', 'ab', 'xy'), ascii('A'), chr(66), md5('x'), encode('\x01', 'hex'), to_hex(255), quote_literal('a'), quote_ident('a b'), starts_with('abc', 'a'), normalize('é', NFD) IS NORMALIZED
-- name: numbers
SELECT abs(-1), ceil(1.2), floor(1.8), round(1.2345, 2), trunc(1.99), mod(7, 3), power(2, 10), sqrt(2), exp(1), ln(2), log(10, 100), sign(-3), pi(), degrees(1), width_bucket(5, 0, 10, 4), gcd(12, 18), div(7, 2), 7 / 2, 7 % 3, 2 ^ 3, |/ 16, @ -5, 5 & 3, 5 | 3, 5 # 3, ~ 5, 1 << 4, scale(1.200), 'NaN'::numeric, 'Infinity'::float8, 1e300 * 10
-- name: numbers-literals
-- min: 16
SELECT 1_000_000, 0x1F, 0o17, 0b101
-- name: number-with-alias-on-old-servers
-- max: 14
SELECT 1_000
-- name: dates
SELECT date '2024-02-29' + 1, timestamp '2024-01-01 12:00' - interval '1 month', age(timestamp '2024-03-01', timestamp '2023-01-15'), date_trunc('week', timestamp '2024-05-05'), extract(isodow FROM date '2024-05-05'), date_part('epoch', interval '1 hour'), to_char(timestamp '2024-05-05 06:07:08', 'YYYY-MM-DD HH24:MI:SS'), to_date('05.06.2024', 'DD.MM.YYYY'), make_date(2024, 1, 2), make_interval(hours => 3), justify_hours(interval '30 hours'), (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', interval '1 day'), isfinite(date 'infinity')
-- name: date-bin
-- min: 14
SELECT date_bin('15 minutes', timestamp '2024-01-01 12:34', timestamp '2000-01-01')
-- name: infinity-and-bc
SELECT 'infinity'::timestamptz, '-infinity'::date, '0044-03-15 BC'::date, timestamp '4713-01-01 00:00:00 BC', 'infinity'::date > now()::date
-- name: time-zones
SELECT timestamptz '2024-01-01 12:00+00' AT TIME ZONE 'Europe/Berlin', timestamp '2024-01-01 12:00' AT TIME ZONE 'UTC', timezone('America/New_York', timestamptz '2024-01-01 12:00+00'), time '12:00' + interval '1 hour', timetz '12:00+02'
-- name: now-and-friends
-- judge: count
SELECT now(), current_timestamp, localtime, current_date, clock_timestamp(), statement_timestamp(), transaction_timestamp(), timeofday()
-- name: random
-- judge: count
SELECT random(), gen_random_uuid(), random() < 2 FROM generate_series(1, 3)
-- name: sleep
SELECT pg_sleep(0.01)
-- name: sleep-for
-- judge: count
SELECT pg_sleep_for('10 milliseconds'), pg_sleep_until(now() + interval '5 milliseconds')
-- name: bytea
SELECT '\xdeadbeef'::bytea, sha256('abc'), sha512('abc'), encode(sha224('x'::bytea), 'base64'), length('\x0102'::bytea), get_byte('\x0102'::bytea, 1), substring('\x010203'::bytea FROM 2), decode('AAE=', 'base64'), '\x01'::bytea || '\x02'::bytea, convert_from('\xc3a9', 'UTF8'), convert_to('é', 'LATIN1')
-- name: bytea-hex-and-escape
SELECT E'\\x00ff'::bytea, 'a\000b'::bytea, bytea '\x'
-- name: arrays
SELECT ARRAY[1, 2, 3], (ARRAY[1, 2, 3])[2], (ARRAY[1, 2, 3])[1:2], ARRAY[1] || 2, array_length(ARRAY[1, 2], 1), cardinality('{{1,2},{3,4}}'::int[]), array_position(ARRAY['a', 'b'], 'b'), array_remove(ARRAY[1, 2, 1], 1), array_to_string(ARRAY[1, NULL, 3], ',', '*'), string_to_array('a,b', ','), ARRAY[1, 2] @> ARRAY[1], ARRAY[1] && ARRAY[1, 2], unnest(ARRAY[1, 2]), '[0:1]={1,2}'::int[], 2 = ANY (ARRAY[1, 2]), array_fill(0, ARRAY[2]), ARRAY(SELECT id FROM shop.customers ORDER BY id LIMIT 3)
-- name: array-multidimensional
SELECT array_agg(ARRAY[id, customer_id] ORDER BY id), array_dims(array_agg(id)), array_ndims('{{1}}'::int[]) FROM shop.orders WHERE id < 4
-- name: ranges
SELECT int4range(1, 5) @> 3, tsrange('2024-01-01', '2024-02-01') && period, lower(period), upper_inf(daterange('2024-01-01', NULL)), isempty(int4range(1, 1)), numrange(1, 2) + numrange(2, 3), int8range(1, 10) * int8range(5, 20), int4range(1, 3) -|- int4range(3, 5), '[1,5]'::int4range, range_merge(int4range(1, 2), int4range(5, 6)) FROM shop.orders ORDER BY id LIMIT 3
-- name: multiranges
-- min: 14
SELECT '{[1,2],[5,7)}'::int4multirange, range_agg(int4range(id, id + 2)), unnest(int4multirange(int4range(1, 2), int4range(4, 5))) FROM shop.orders WHERE id < 3
-- name: composites
SELECT c, (c).name, ROW(1, 'a'), ROW(c.*) FROM shop.customers c ORDER BY id LIMIT 2
-- name: enums-and-domains
SELECT 'new'::shop.status < 'sent', enum_range(NULL::shop.status), 5::shop.positive, total::shop.positive FROM shop.orders ORDER BY id LIMIT 2
-- name: casts
SELECT '1'::int, 1::text, 1.5::int, 'true'::boolean, '2024-01-01'::date::timestamp, '1 day'::interval, '{1,2}'::int[], CAST('1.5' AS numeric(4, 2)), 5::bit(8), 'abc'::varchar(2), '192.168.0.1/24'::inet, '08:00:2b:01:02:03'::macaddr, '(1,2)'::point, 'a'::"char", 'x'::name, '12.34'::money::numeric, 'shop.orders'::regclass, 'version'::regproc, 'int4'::regtype
-- name: json-old
SELECT extra -> 'k', extra ->> 'k', extra #> '{list,0}', extra #>> '{nested,x}', extra @> '{"k": 1}', extra ? 'k', extra ?| ARRAY['z', 'k'], extra - 'k', extra || '{"z": 1}', jsonb_set(extra, '{k}', '9'), jsonb_path_query_array(extra, '$.list[*] ? (@ > 3)'), extra @? '$.list', extra @@ '$.k == 1', jsonb_pretty(extra -> 'nested'), jsonb_typeof(extra -> 'list'), jsonb_array_length(extra -> 'list') FROM shop.customers ORDER BY id LIMIT 3
-- name: json-functions
SELECT key, value FROM shop.customers, jsonb_each_text(extra) WHERE id = 1 ORDER BY 1
-- name: json-build
SELECT to_json(ROW(1, 'a')), to_jsonb(ARRAY[1, 2]), row_to_json(o), json_build_object('a', 1, 'b', ARRAY[1]), jsonb_build_array(1, 'x', NULL), json_strip_nulls('{"a": null}'), json_object('{a,b}'::text[], '{1,2}'::text[]) FROM shop.orders o ORDER BY id LIMIT 2
-- name: json-to-record
SELECT * FROM jsonb_to_recordset('[{"a": 1, "b": "x"}, {"a": 2}]') AS x(a int, b text)
-- name: json-populate
SELECT (jsonb_populate_record(NULL::shop.customers, '{"id": 7, "name": "x", "tags": ["a"]}')).name
-- name: json-subscript
-- min: 14
SELECT extra['list'][0], extra['nested']['x'] FROM shop.customers ORDER BY id LIMIT 2
-- name: sql-json-16
-- min: 16
SELECT JSON_OBJECT('a': 1, 'b': 'x' ABSENT ON NULL), JSON_ARRAY(1, 2, NULL NULL ON NULL), JSON_OBJECTAGG(id: status), JSON_ARRAYAGG(id ORDER BY id RETURNING jsonb), '{"a": 1}' IS JSON OBJECT, '[1' IS NOT JSON FROM shop.orders WHERE id < 3
-- name: sql-json-17
-- min: 17
SELECT JSON_VALUE(extra, '$.k' RETURNING int), JSON_QUERY(extra, '$.list' WITH WRAPPER), JSON_EXISTS(extra, '$.nested.x'), JSON_SCALAR(1), JSON_SERIALIZE('{"a": 1}' RETURNING text), JSON('{"a": 1}') FROM shop.customers ORDER BY id LIMIT 2
-- name: json-table
-- min: 17
SELECT c.id, t.* FROM shop.customers c, JSON_TABLE(c.extra, '$.list[*]' AS l COLUMNS (n FOR ORDINALITY, v int PATH '$')) t WHERE c.id < 3 ORDER BY 1, 2
-- name: xml
SELECT xpath('/a/b/text()', '<a><b>1</b><b>2</b></a>'), xmlelement(name x, xmlattributes(1 AS y), 'z'), xmlforest(1 AS a, 'b' AS c), xmlconcat('<a/>', '<b/>'), xml_is_well_formed('<a>'), xmlexists('//b' PASSING xml '<a><b/></a>'), xmlserialize(content xml '<a/>' AS text), xmlparse(document '<a>x</a>'), xmlcomment('c'), xmlpi(name php, 'x'), xmlroot(xml '<a/>', version '1.0')
-- name: xmltable
SELECT * FROM XMLTABLE('/r/i' PASSING xml '<r><i a="1">x</i><i a="2">y</i></r>' COLUMNS a int PATH '@a', v text PATH '.', n FOR ORDINALITY)
-- name: full-text
SELECT to_tsvector('english', 'The quick brown foxes') @@ to_tsquery('english', 'fox & quick'), plainto_tsquery('english', 'big cats'), websearch_to_tsquery('english', '"a b" -c'), phraseto_tsquery('simple', 'x y'), ts_rank(to_tsvector('simple', 'a b a'), 'a'::tsquery), ts_headline('simple', 'a b c', 'b'::tsquery), setweight('a:1'::tsvector, 'A'), ts_rewrite('a & b'::tsquery, 'a'::tsquery, 'c'::tsquery), numnode('a & b'::tsquery), strip('a:1'::tsvector), ts_lexize('simple', 'X'), to_tsvector('simple', note) FROM shop.orders ORDER BY id LIMIT 1
-- name: full-text-debug
SELECT alias, token FROM ts_debug('simple', 'a-b 12')
-- name: geometry-network
SELECT point(1, 2) <-> point(4, 6), box '((0,0),(2,2))' @> point(1, 1), area(circle '((0,0),1)'), inet '10.1.2.3' << cidr '10.0.0.0/8', host(inet '10.0.0.1/8'), network(inet '10.1.2.3/16'), masklen('10.0.0.0/8'), macaddr '08:00:2b:01:02:03', lseg '((0,0),(1,1))' ?# lseg '((0,1),(1,0))', polygon '((0,0),(1,1),(1,0))'
-- name: explain
-- judge: answered
EXPLAIN SELECT * FROM shop.orders WHERE customer_id = 5
-- name: explain-analyze
-- judge: answered
EXPLAIN (ANALYZE, BUFFERS, TIMING off) SELECT count(*) FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id
-- name: explain-analyze-plain
-- judge: answered
EXPLAIN ANALYZE SELECT * FROM shop.per_customer ORDER BY total DESC LIMIT 3
-- name: explain-json
-- judge: answered
EXPLAIN (FORMAT json, VERBOSE, COSTS off) SELECT * FROM shop.paid
-- name: explain-insert
-- judge: answered
EXPLAIN INSERT INTO shop.orders (id, customer_id, status) VALUES (1000, 1, 'new')
-- name: explain-update
-- judge: answered
EXPLAIN UPDATE shop.orders SET total = total * 1.1 WHERE status = 'new'
-- name: explain-delete
-- judge: answered
EXPLAIN (VERBOSE) DELETE FROM shop.orders o USING shop.customers c WHERE c.id = o.customer_id AND c.born < '1990-01-01'
-- name: explain-merge
-- min: 15
-- judge: answered
EXPLAIN MERGE INTO shop.orders o USING shop.customers c ON c.id = o.id WHEN MATCHED THEN UPDATE SET note = c.name WHEN NOT MATCHED THEN DO NOTHING
-- name: explain-insert-on-conflict
-- judge: answered
EXPLAIN INSERT INTO shop.customers (id, name) SELECT id, note FROM shop.orders ON CONFLICT (id) DO UPDATE SET name = excluded.name
-- name: explain-generic
-- min: 16
-- judge: answered
EXPLAIN (GENERIC_PLAN) SELECT * FROM shop.orders WHERE id = $1
-- name: show
SHOW work_mem
-- name: show-server-version
SHOW server_version_num
-- name: show-time-zone
SHOW TIME ZONE
-- name: show-all
-- judge: answered
SHOW ALL
-- name: show-search-path
SHOW search_path
-- name: view
SELECT * FROM shop.paid ORDER BY id LIMIT 5
-- name: view-aggregate
SELECT * FROM shop.per_customer ORDER BY id
-- name: materialized-view
SELECT * FROM shop.totals ORDER BY status
-- name: sequence-read
SELECT last_value, is_called FROM shop.numbers
-- name: tablesample
-- judge: answered
SELECT count(*) FROM shop.orders TABLESAMPLE system (100)
-- name: tablesample-bernoulli
SELECT count(*) >= 0 FROM shop.orders TABLESAMPLE bernoulli (50) REPEATABLE (7)
-- name: system-columns
SELECT ctid, tableoid::regclass, xmin::text::bigint > 0, cmin, cmax FROM shop.orders ORDER BY id LIMIT 2
-- name: generate-series
SELECT i, j::date FROM generate_series(1, 3) i, generate_series(timestamp '2024-01-01', timestamp '2024-01-03', interval '1 day') j ORDER BY 1, 2
-- name: rows-from
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a', 'b'])) AS t(a, b)
-- name: srf-in-select
SELECT generate_series(1, 3), unnest(ARRAY['x', 'y'])
-- name: generate-subscripts
SELECT generate_subscripts('{4,5,6}'::int[], 1)
-- name: whole-row
SELECT o FROM shop.orders o ORDER BY id LIMIT 1
-- name: duplicate-columns
SELECT 1 AS a, 2 AS a, o.id, c.id FROM shop.orders o JOIN shop.customers c ON c.id = o.id ORDER BY o.id LIMIT 2
-- name: no-columns
-- judge: answered
SELECT FROM shop.customers
-- name: long-in-list
SELECT count(*) FROM shop.orders WHERE id IN (1{{repeat 2000 ,5}}, 77)
-- name: many-kilobytes
SELECT length('{{repeat 40000 x}}'), 1{{repeat 300 , 'some text that goes on and on'}}
-- name: moderately-deep
SELECT {{repeat 100 (}}1{{repeat 100 )}} + {{repeat 200 1 + }}1
-- name: comments
/* leading /* nested */ */ SELECT -- a comment; with a semicolon
  1 /* ; DROP TABLE x; */ AS a; -- trailing
-- name: odd-formatting
	SeLeCt
	count( * )frOM"shop"."orders"wHeRe(id>5)AnD"note"Is/**/NoT
nULL
-- name: quoting
SELECT 'it''s', E'tab\there', $$dollar $1 'quoted'$$, $tag$ $$ $tag$, U&'d\0061t\+000061', N'x', B'101', X'1F'
-- name: quoting-continued
SELECT 'first '
'second', E'a\nb', 'backslash \ alone', '; not a statement', '-- no comment', '/* neither */'
-- name: unicode
SELECT 'ñandú 象轎 🐘' AS "象", length('🐘'), 'ä' < 'z' COLLATE "C", U&"\00e9t\00e9" FROM (SELECT 1 AS "été") x
-- name: quoted-identifiers
SELECT "Mixed Case", "select", "with""quote", "with.dot", "with;semi" FROM (SELECT 1 AS "Mixed Case", 2 AS "select", 3 AS "with""quote", 4 AS "with.dot", 5 AS "with;semi") "weird table"
-- name: large-result
SELECT i, md5(i::text) FROM generate_series(1, 5000) i
-- name: collation
SELECT name FROM shop.customers ORDER BY name COLLATE "C" DESC LIMIT 3
-- name: correlated-subquery
SELECT c.id, (SELECT max(total) FROM shop.orders o WHERE o.customer_id = c.id) FROM shop.customers c ORDER BY 1
-- name: subquery-in-from
SELECT avg(n) FROM (SELECT count(*) AS n FROM shop.orders GROUP BY customer_id) s
-- name: is-distinct
SELECT 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL, true IS UNKNOWN, (1 = 1) IS TRUE
-- name: between-symmetric
SELECT id FROM shop.orders WHERE id BETWEEN SYMMETRIC 10 AND 5 ORDER BY id
-- name: advisory-word-in-string
SELECT 'DELETE FROM users; pg_terminate_backend(1)' AS text, 'INTO' AS "into", 1 AS "for update"
-- name: columns-named-as-functions
SELECT x.nextval, x.set_config, x.length FROM (SELECT 1 AS nextval, 2 AS set_config, 3 AS length) x
-- name: table-alias-named-as-function
SELECT lower.id FROM shop.customers lower ORDER BY 1 LIMIT 1
-- name: parallel-safe-aggregate
SELECT sum(length(note)), max(placed), count(*) FROM shop.orders WHERE total IS NOT NULL
-- name: xid-functions-read-only
SELECT txid_current_if_assigned() IS NULL, pg_snapshot_xmax(pg_current_snapshot()) IS NOT NULL
-- name: uuid
SELECT '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid, uuid_in('6ba7b810-9dad-11d1-80b4-00c04fd430c8')
-- name: uuid-18
-- min: 18
SELECT uuid_extract_version(uuidv7()), uuidv4() IS NOT NULL
-- name: new-17
-- min: 17
SELECT to_bin(5), random(1, 1), '{"a": 1}'::jsonb IS JSON
-- name: new-18
-- min: 18
SELECT array_sort(ARRAY[3, 1]), casefold('ß'), crc32('a'), reverse('\x0102'::bytea), array_reverse(ARRAY[1, 2])
-- name: percent-type-literal
SELECT interval '1-2' YEAR TO MONTH, interval '5' DAY, time(0) '12:00:00.5', timestamp(3) with time zone '2024-01-01 00:00:00.1234+00', double precision '1.5', national character varying(3) 'abcd'
