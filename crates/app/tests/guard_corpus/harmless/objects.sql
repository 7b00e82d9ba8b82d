-- Objects of users that are harmless, beside all the hostile ones.

-- setup: functions
CREATE SCHEMA fine;
SET check_function_bodies = off;
CREATE FUNCTION fine.beside_overloads(t text, n int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT lower($1) || btrim($1) || "left"($1, $2) FROM fine.items WHERE label <> 'x' AND id = $2 $$;
CREATE FUNCTION fine.keywords(t text, n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN IF n BETWEEN 1 AND 3 AND t IN ('abc', 'b') AND n != 7 THEN RETURN 'few'; END IF; RETURN nullif(t, 'none'); END $$;
CREATE FUNCTION fine.add(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE FUNCTION fine.discount(total numeric, rate numeric DEFAULT 0.1) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT round(total * (1 - rate), 2)';
CREATE FUNCTION fine.order_count(customer int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM fine.items WHERE owner = customer';
CREATE TABLE fine.items (id int PRIMARY KEY, owner int, label text, price numeric, search tsvector GENERATED ALWAYS AS (to_tsvector('simple', label)) STORED, doubled numeric GENERATED ALWAYS AS (price * 2) STORED);
INSERT INTO fine.items (id, owner, label, price) SELECT i, i % 4, 'label ' || i, i * 1.5 FROM generate_series(1, 40) i;
CREATE FUNCTION fine.classify(p numeric) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF p IS NULL THEN RETURN 'none';
  ELSIF p < 10 THEN RETURN 'cheap';
  ELSE RETURN 'dear';
  END IF;
END $$;
CREATE FUNCTION fine.looped(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  total int := 0;
  r record;
BEGIN
  FOR i IN 1..n LOOP
    total := total + i;
    CONTINUE WHEN i % 2 = 0;
  END LOOP;
  FOR r IN SELECT id FROM fine.items WHERE id < 5 ORDER BY id LOOP
    total := total + r.id;
  END LOOP;
  WHILE total > 100 LOOP
    total := total - 10;
    EXIT WHEN total < 0;
  END LOOP;
  RAISE NOTICE 'total is %', total;
  RETURN total;
END $$;
CREATE FUNCTION fine.rows_of(o int) RETURNS TABLE (id int, label text) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT i.id, i.label FROM fine.items i WHERE i.owner = o ORDER BY i.id;
END $$;
CREATE FUNCTION fine.next_rows() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..3 LOOP RETURN NEXT i * i; END LOOP; RETURN; END $$;
CREATE FUNCTION fine.safe_divide(a numeric, b numeric) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
  RETURN a / b;
EXCEPTION WHEN division_by_zero THEN
  RETURN NULL;
END $$;
CREATE FUNCTION fine.case_it(n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN CASE n WHEN 1 THEN RETURN 'one'; ELSE RETURN 'many'; END CASE; END $$;
CREATE FUNCTION fine.arrays(a int[]) RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int; s int := 0; BEGIN FOREACH x IN ARRAY a LOOP s := s + x; END LOOP; RETURN s; END $$;
CREATE FUNCTION fine.cursor_sum() RETURNS numeric LANGUAGE plpgsql AS $$ DECLARE c CURSOR FOR SELECT price FROM fine.items; t numeric := 0; p numeric; BEGIN OPEN c; LOOP FETCH c INTO p; EXIT WHEN NOT FOUND; t := t + p; END LOOP; CLOSE c; RETURN t; END $$;
CREATE FUNCTION fine.row_type(i int) RETURNS fine.items LANGUAGE plpgsql AS $$ DECLARE r fine.items%ROWTYPE; BEGIN SELECT * INTO r FROM fine.items WHERE id = i; r.label := upper(r.label); RETURN r; END $$;
CREATE FUNCTION fine.factorial(n int) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF n <= 1 THEN RETURN 1; END IF; RETURN n * fine.factorial(n - 1); END $$;
CREATE FUNCTION fine.poly(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, $2)';
CREATE FUNCTION fine.variadic_sum(VARIADIC int[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT sum(x) FROM unnest($1) x';
CREATE FUNCTION fine.path_set(text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS 'SELECT lower($1)';
CREATE FUNCTION fine.definer() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT count(*) FROM fine.items';
CREATE FUNCTION fine.out_parameters(OUT a int, OUT b text) LANGUAGE plpgsql AS $$ BEGIN a := 1; b := 'x'; END $$;
CREATE FUNCTION fine.json_summary(o int) RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT jsonb_build_object('owner', o, 'items', jsonb_agg(jsonb_build_object('id', id, 'price', price) ORDER BY id)) FROM fine.items WHERE owner = o AND id < 10 $$;
CREATE FUNCTION fine.full_label(fine.items) RETURNS text LANGUAGE sql STABLE AS $$ SELECT $1.id || ': ' || $1.label $$;
CREATE FUNCTION fine.diagnostics() RETURNS text LANGUAGE plpgsql AS $$ DECLARE m text; n int; BEGIN PERFORM 1 FROM fine.items; GET DIAGNOSTICS n = ROW_COUNT; BEGIN RAISE EXCEPTION 'oops %', n; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS m = MESSAGE_TEXT; END; RETURN m; END $$;
CREATE FUNCTION fine.lower(text, int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT substr(lower($1), 1, $2)';
-- setup: types, operators, aggregates
CREATE TYPE fine.money_amount AS (amount numeric, currency text);
CREATE TYPE fine.level AS ENUM ('low', 'high');
CREATE DOMAIN fine.percentage AS numeric CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN fine.email AS text CHECK (VALUE ~ '^[^@]+@[^@]+$');
CREATE TYPE fine.float_range AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
CREATE FUNCTION fine.amount_add(fine.money_amount, fine.money_amount) RETURNS fine.money_amount LANGUAGE sql IMMUTABLE AS 'SELECT ROW(($1).amount + ($2).amount, ($1).currency)::fine.money_amount';
CREATE OPERATOR fine.+ (LEFTARG = fine.money_amount, RIGHTARG = fine.money_amount, FUNCTION = fine.amount_add);
CREATE AGGREGATE fine.total(fine.money_amount) (SFUNC = fine.amount_add, STYPE = fine.money_amount, INITCOND = '(0,EUR)');
CREATE AGGREGATE fine.product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
CREATE FUNCTION fine.level_number(fine.level) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT CASE $1 WHEN 'low' THEN 1 ELSE 2 END $$;
CREATE CAST (fine.level AS int) WITH FUNCTION fine.level_number(fine.level);
CREATE TABLE fine.typed (p fine.percentage, e fine.email, l fine.level, m fine.money_amount, r fine.float_range);
INSERT INTO fine.typed VALUES (50, 'a@b', 'low', ROW(1.5, 'EUR'), '[1,2]'), (75, 'c@d', 'high', ROW(2.5, 'EUR'), '[3,4)');
-- setup: policies, partitions, indexes
CREATE TABLE fine.guarded (id int, owner text DEFAULT current_user, visible boolean);
INSERT INTO fine.guarded VALUES (1, 'a', true), (2, 'b', false);
ALTER TABLE fine.guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON fine.guarded FOR SELECT USING (visible OR owner = current_user);
CREATE POLICY q ON fine.guarded USING (fine.classify(id::numeric) = 'cheap' AND current_setting('app.tenant', true) IS NULL);
CREATE TABLE fine.parted (id int, at date, v text) PARTITION BY RANGE (at);
CREATE TABLE fine.parted_2023 PARTITION OF fine.parted FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE fine.parted_2024 PARTITION OF fine.parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (v);
CREATE TABLE fine.parted_2024_a PARTITION OF fine.parted_2024 FOR VALUES IN ('a');
CREATE TABLE fine.parted_other PARTITION OF fine.parted DEFAULT;
CREATE INDEX ON fine.parted (id);
INSERT INTO fine.parted VALUES (1, '2023-05-05', 'x'), (2, '2024-05-05', 'a'), (3, '2030-01-01', 'z');
CREATE INDEX ON fine.items (fine.classify(price));
CREATE INDEX ON fine.items (lower(label)) WHERE owner > 1;
CREATE INDEX ON fine.items USING gin (search);
CREATE INDEX ON fine.items (fine.add(id, 1));
CREATE INDEX ON fine.items USING gin (label ext.gin_trgm_ops);
ALTER TABLE fine.items ADD CHECK (fine.classify(price) <> 'none');
CREATE STATISTICS fine.item_statistics ON owner, label FROM fine.items;
CREATE VIEW fine.v AS SELECT i.id, fine.classify(i.price) AS class, fine.discount(i.price) AS price FROM fine.items i;
CREATE VIEW fine.v_of_v AS SELECT class, count(*) AS n, sum(price) AS s FROM fine.v GROUP BY class;
CREATE VIEW fine.v_barrier WITH (security_barrier) AS SELECT * FROM fine.items WHERE owner = 1;
CREATE RECURSIVE VIEW fine.counting (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counting WHERE n < 5;
CREATE TABLE fine.parent (id int, t text);
CREATE TABLE fine.child (extra int) INHERITS (fine.parent);
INSERT INTO fine.child VALUES (1, 'c', 2);
CREATE FUNCTION fine.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.t := 'touched'; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON fine.parent FOR EACH ROW EXECUTE FUNCTION fine.touch();
CREATE TABLE fine."Mixed "" Case" ("Weird ""Column" int, "select" text, "象" text);
INSERT INTO fine."Mixed "" Case" VALUES (1, 'a', 'b');
CREATE COLLATION fine.german (provider = libc, locale = 'C');
CREATE TABLE fine.ext_types (h ext.hstore, l ext.ltree, c ext.citext, cu ext.cube);
INSERT INTO fine.ext_types VALUES ('a=>1,b=>2', 'Top.Science.Astronomy', 'CaseLess', '(1,2)');
ANALYZE fine.items;
-- setup: expression statistics
-- min: 14
CREATE STATISTICS fine.expression_statistics ON fine.add(owner, id), owner FROM fine.items;
CREATE FUNCTION fine.atomic(a int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT a + 1; END;
CREATE FUNCTION fine.atomic_return(a int) RETURNS int LANGUAGE sql RETURN a * 2;
-- setup: virtual columns
-- min: 18
CREATE TABLE fine.virtual_columns (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL, c text GENERATED ALWAYS AS (upper('x' || a::text)) VIRTUAL);
INSERT INTO fine.virtual_columns (a) VALUES (1), (2);

-- name: sql-function
SELECT fine.add(1, 2), fine.add(id, owner) FROM fine.items ORDER BY id LIMIT 3
-- name: sql-function-default-argument
SELECT fine.discount(100), fine.discount(100, 0.5), fine.discount(rate => 0.2, total => 50)
-- name: sql-function-with-query
SELECT o, fine.order_count(o) FROM generate_series(0, 3) o ORDER BY o
-- name: plpgsql-if
SELECT label, fine.classify(price) FROM fine.items ORDER BY id
-- name: plpgsql-loops-and-notice
SELECT fine.looped(10)
-- name: plpgsql-return-query
SELECT * FROM fine.rows_of(2)
-- name: plpgsql-return-next
SELECT * FROM fine.next_rows()
-- name: plpgsql-exception
SELECT fine.safe_divide(1, 0), fine.safe_divide(6, 3)
-- name: plpgsql-case
SELECT fine.case_it(1), fine.case_it(2)
-- name: plpgsql-foreach
SELECT fine.arrays('{1,2,3}')
-- name: plpgsql-cursor
SELECT fine.cursor_sum()
-- name: plpgsql-rowtype
SELECT (fine.row_type(3)).label
-- name: plpgsql-recursive
SELECT fine.factorial(10)
-- name: plpgsql-out-parameters
SELECT * FROM fine.out_parameters()
-- name: plpgsql-diagnostics
SELECT fine.diagnostics()
-- name: polymorphic
SELECT fine.poly(NULL, 5), fine.poly('a'::text, 'b')
-- name: variadic
SELECT fine.variadic_sum(1, 2, 3), fine.variadic_sum(VARIADIC ARRAY[4, 5])
-- name: function-with-search-path
SELECT fine.path_set('ABC')
-- name: security-definer
SELECT fine.definer()
-- name: function-returning-json
SELECT fine.json_summary(1)
-- name: column-notation
SELECT fine.full_label(i) FROM fine.items i ORDER BY i.id LIMIT 2
-- name: overload-of-builtin-name
SELECT fine.lower('ABC', 2), lower('ABC')
-- name: atomic
-- min: 14
SELECT fine.atomic(1), fine.atomic_return(4)
-- name: operator
SELECT (ROW(1, 'EUR')::fine.money_amount OPERATOR(fine.+) ROW(2, 'EUR')::fine.money_amount).amount
-- name: aggregate
SELECT (fine.total(m)).amount, fine.product(p) FROM fine.typed
-- name: types
SELECT * FROM fine.typed ORDER BY p
-- name: domain-cast
SELECT 55.5::fine.percentage, 'a@b'::fine.email, '[1,2)'::fine.float_range @> 1.5::float8
-- name: explicit-cast
SELECT l::int FROM fine.typed ORDER BY 1
-- name: enum-comparison
SELECT count(*) FROM fine.typed WHERE l = 'low' OR l > 'low' OR l IN ('high')
-- name: composite-to-json
SELECT to_jsonb(t) FROM fine.typed t ORDER BY p
-- name: json-to-typed-record
SELECT * FROM jsonb_populate_record(NULL::fine.typed, '{"p": 5, "e": "x@y", "l": "low"}')
-- name: input-is-valid
-- min: 16
SELECT pg_input_is_valid('12', 'integer'), pg_input_is_valid('x', 'fine.percentage'), (pg_input_error_info('zz', 'int4')).message IS NOT NULL
-- name: policy
SELECT id FROM fine.guarded ORDER BY id
-- name: partitions
SELECT tableoid::regclass::text, count(*) FROM fine.parted GROUP BY 1 ORDER BY 1
-- name: partition-pruning
-- judge: answered
EXPLAIN SELECT * FROM fine.parted WHERE at >= '2024-01-01' AND at < '2024-06-01'
-- name: partition-directly
SELECT * FROM fine.parted_2024 ORDER BY id
-- name: expression-index
SELECT id FROM fine.items WHERE fine.classify(price) = 'cheap' ORDER BY id
-- name: expression-index-explain-analyze
-- judge: answered
EXPLAIN ANALYZE SELECT id FROM fine.items WHERE lower(label) = 'label 3' AND owner > 1
-- name: expression-statistics
SELECT count(*) FROM fine.items WHERE owner = 1 AND label LIKE 'label 1%'
-- name: generated-columns
SELECT doubled, search FROM fine.items WHERE search @@ 'label' ORDER BY id LIMIT 3
-- name: virtual-generated-columns
-- min: 18
SELECT * FROM fine.virtual_columns ORDER BY a
-- name: view-with-functions
SELECT * FROM fine.v ORDER BY id LIMIT 5
-- name: view-of-view
SELECT * FROM fine.v_of_v ORDER BY class
-- name: view-barrier
SELECT count(*) FROM fine.v_barrier WHERE fine.classify(price) = 'cheap'
-- name: recursive-view
SELECT * FROM fine.counting
-- name: inheritance
SELECT * FROM fine.parent
-- name: only
SELECT * FROM ONLY fine.parent
-- name: explain-insert-trigger
-- judge: answered
EXPLAIN INSERT INTO fine.parent VALUES (1, 'x')
-- name: explain-update-generated
-- judge: answered
EXPLAIN UPDATE fine.items SET price = price + 1 WHERE owner = 2
-- name: hostile-names
SELECT "Weird ""Column", "select", "象" FROM fine."Mixed "" Case"
-- name: user-collation
SELECT label FROM fine.items ORDER BY label COLLATE fine.german LIMIT 2
-- name: hstore
SELECT h OPERATOR(ext.->) 'a', ext.akeys(h), ext.hstore_to_json(h), h OPERATOR(ext.?) 'b' FROM fine.ext_types
-- name: hstore-each
SELECT (ext.each(h)).* FROM fine.ext_types ORDER BY 1
-- name: ltree
SELECT l OPERATOR(ext.<@) 'Top'::ext.ltree, ext.nlevel(l), ext.subpath(l, 1) FROM fine.ext_types
-- name: citext
SELECT c OPERATOR(ext.=) 'caseless'::ext.citext, c FROM fine.ext_types
-- name: citext-order
SELECT DISTINCT c FROM fine.ext_types ORDER BY c
-- name: trigram
SELECT ext.similarity('word', 'words'), ext.show_trgm('ab'), 'abc' OPERATOR(ext.%) 'abd', label OPERATOR(ext.<->) 'label 7' FROM fine.items ORDER BY id LIMIT 2
-- name: trigram-index
SELECT id FROM fine.items WHERE label LIKE '%bel 1%' ORDER BY id
-- name: pgcrypto
SELECT encode(ext.digest('abc', 'sha256'), 'hex'), encode(ext.hmac('a', 'b', 'md5'), 'hex'), ext.crypt('pw', '$1$abcdefgh$'), length(ext.gen_salt('md5')) > 5
-- name: uuid-ossp
SELECT ext.uuid_generate_v5(ext.uuid_ns_dns(), 'example.com'), ext.uuid_generate_v4() IS NOT NULL, ext.uuid_nil()
-- name: unaccent
SELECT ext.unaccent('Hôtel')
-- name: fuzzystrmatch
SELECT ext.levenshtein('kitten', 'sitting'), ext.soundex('Robert'), ext.metaphone('Thompson', 5), ext.dmetaphone('x')
-- name: intarray
SELECT ext.sort('{3,1,2}'::int[]), ext.uniq('{1,1,2}'::int[]), '{1,2}'::int[] OPERATOR(ext.&&) '{2}'::int[]
-- name: cube-earthdistance
SELECT ext.cube_distance('(0,0)'::ext.cube, '(3,4)'::ext.cube), ext.cube_dim(cu) FROM fine.ext_types
-- name: isn
SELECT '9780393040029'::ext.isbn13, ext.is_valid('9780393040029'::ext.isbn13), ext.isbn('9780393040029'::ext.isbn13)
-- name: seg
SELECT '1..2'::ext.seg OPERATOR(ext.&&) '1.5..3'::ext.seg
-- name: tablefunc-normal-rand
-- judge: count
SELECT * FROM ext.normal_rand(3, 0, 1)
-- name: tsm-system-rows
SELECT count(*) FROM fine.items TABLESAMPLE ext.system_rows(10)
-- name: tsm-system-time
-- judge: answered
SELECT count(*) FROM fine.items TABLESAMPLE ext.system_time(100)
-- name: unqualified-public-table
SELECT * FROM canary_public ORDER BY id
-- name: canary-table
SELECT id, t, n, v, d, j FROM h.canary ORDER BY id
-- name: canary-join-and-aggregate
SELECT n, count(*), max(d), jsonb_agg(j ORDER BY id) FROM h.canary GROUP BY n ORDER BY n
-- name: canary-computed-names
SELECT c.v AS name, length(c.t), c.d + 1, c.v || 'x' FROM h.canary c WHERE c.v = 'v1' OR c.v IN ('v2', 'v3') ORDER BY c.id
-- name: materialized-view-without-hostile-index
SELECT * FROM h.mv
-- name: enum-of-types
SELECT unnest(enum_range(NULL::fine.level))
-- name: lag-on-user-type
SELECT lag(m) OVER (ORDER BY p), first_value(l) OVER (ORDER BY l) FROM fine.typed ORDER BY p
-- name: array-of-user-type
SELECT array_agg(l ORDER BY l), ARRAY['low', 'high']::fine.level[], array_agg(m ORDER BY p) FROM fine.typed
-- name: function-in-every-place
SELECT fine.classify(price) AS c, sum(fine.add(id, 1)) FILTER (WHERE fine.add(id, 1) > 5), max(fine.discount(price)) FROM fine.items GROUP BY fine.classify(price) HAVING fine.add(count(*)::int, 1) > 1 ORDER BY fine.classify(price)
-- name: body-with-a-harmless-overload
SELECT fine.beside_overloads('ABC', 3)
-- name: keywords-in-a-body
SELECT fine.keywords('abc', 2), fine.keywords('x', 5)
