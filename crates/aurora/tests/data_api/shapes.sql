CREATE TYPE mood AS ENUM ('glad', 'sad, "very"');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN more_positive AS positive;
CREATE TYPE pair AS (a int, "B" text);
CREATE TABLE shapes (
    id int PRIMARY KEY, label text, big bigint, small smallint, price numeric(12, 3), r real, d double precision, yes boolean,
    paid money, code char(5), short varchar(9), who name, kind "char", raw bytea, bits bit(3), vary bit varying,
    day date, clock time, clock_tz timetz, moment timestamp, moment_tz timestamptz, span interval,
    at point, way path, area box, round circle, line lseg, poly polygon, net inet, sub cidr, mac macaddr, id2 uuid,
    j json, jb jsonb, jp jsonpath, x xml, words tsvector, ask tsquery, lsn pg_lsn, rel regclass, typ oid,
    ints int[], texts text[], grid int[], range int4range, stamps tstzrange, feel mood, pos more_positive, two pair, pairs pair[]
);
INSERT INTO shapes VALUES (
    1, 'a "b", (c) \ d', 9223372036854775807, -1, 1234.500, 1.1, 0.1, true,
    12.34, 'ab', 'héllo', 'me', 'x', '\x00ff', B'101', B'1',
    '2026-02-28', '12:34:56.789', '12:00+02', '2026-02-28 01:02:03.456789', '2026-02-28 01:02:03+02', '1 year 2 days 03:04:05',
    '(1,2)', '[(0,0),(1,1)]', '(1,1),(0,0)', '<(0,0),2>', '[(0,0),(1,1)]', '((0,0),(1,1),(1,0))', '10.0.0.1/8', '10.0.0.0/8',
    '08:00:2b:01:02:03', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    '{"a" :  [1, "x\ny"]}', '{"b": null}', '$.a[*]', '<a>b</a>', 'fat cat', 'fat & cat', '16/B374D848', 'pg_class', 23,
    '{1,NULL,3}', '{"a,b","","NULL",NULL}', '{{1,2},{3,4}}', '[1,10)', '["2026-01-01 00:00+00",)', 'sad, "very"', 7, '(1,"x y")', ARRAY['(1,a)', '(2,"")']::pair[]
);
INSERT INTO shapes (id, label, d, r) VALUES (2, '', 'NaN', '-Infinity'), (3, NULL, 1e300, 1e-30);
CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY, text text NOT NULL, at int4range);
INSERT INTO notes (text) VALUES ('first');
CREATE TABLE late (note int);
CREATE FUNCTION late_refusal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too late'; END $$;
CREATE CONSTRAINT TRIGGER refused AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late_refusal();
ANALYZE shapes;
