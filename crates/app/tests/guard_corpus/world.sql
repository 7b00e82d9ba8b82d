-- What every database of the corpus holds before the classes add theirs. A superuser runs it.
-- Schema h ("hostile") and its marks: a call of one consumes a transaction id, which no read does and which survives ROLLBACK,
-- READ ONLY and a reset of the session; probe.snapshot() sees it whoever did it.

SET client_min_messages = warning;
GRANT ALL ON SCHEMA public TO PUBLIC;
CREATE SCHEMA h;
GRANT ALL ON SCHEMA h TO PUBLIC;
CREATE SCHEMA ext;
GRANT USAGE ON SCHEMA ext TO PUBLIC;

CREATE FUNCTION h.mark() RETURNS int LANGUAGE plpgsql VOLATILE AS
  $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN 1; END $$;
CREATE FUNCTION h.mark(anyelement) RETURNS anyelement LANGUAGE plpgsql VOLATILE AS
  $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN $1; END $$;
-- Labelled immutable, so that planning runs it.
CREATE FUNCTION h.mark_immutable(anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN $1; END $$;
CREATE FUNCTION h.mark_true(anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN true; END $$;
CREATE FUNCTION h.mark_rows() RETURNS SETOF int LANGUAGE plpgsql VOLATILE AS
  $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN NEXT 1; END $$;

CREATE TABLE h.canary (id int PRIMARY KEY, t text, n int, v varchar(20), d date, j jsonb);
INSERT INTO h.canary SELECT i, 'row ' || i, i % 3, 'v' || i, date '2020-01-01' + i, jsonb_build_object('k', i) FROM generate_series(1, 5) i;
CREATE TABLE public.canary_public (id int PRIMARY KEY, t text);
INSERT INTO public.canary_public VALUES (1, 'one'), (2, 'two');
CREATE SEQUENCE h.canary_seq;
SELECT nextval('h.canary_seq');
CREATE TABLE h.canary_tsv (id int, v tsvector);
CREATE INDEX canary_gin ON h.canary_tsv USING gin (v) WITH (fastupdate = on);
INSERT INTO h.canary_tsv SELECT i, to_tsvector('simple', 'word' || i) FROM generate_series(1, 20) i;
CREATE TABLE h.canary_cold AS SELECT i FROM generate_series(1, 1000) i;
CREATE TABLE h.canary_brin (i int) WITH (fillfactor = 10);
INSERT INTO h.canary_brin SELECT i FROM generate_series(1, 100) i;
CREATE INDEX canary_brin_index ON h.canary_brin USING brin (i) WITH (pages_per_range = 1);
INSERT INTO h.canary_brin SELECT i FROM generate_series(1000, 6000) i;
CREATE TABLE h.canary_vm AS SELECT i FROM generate_series(1, 100) i;

CREATE SCHEMA probe;
CREATE EXTENSION pgstattuple SCHEMA probe;
CREATE EXTENSION pageinspect SCHEMA probe;
CREATE EXTENSION pg_visibility SCHEMA probe;
CREATE EXTENSION pg_buffercache SCHEMA probe;
CREATE EXTENSION pg_stat_statements SCHEMA probe;
GRANT USAGE ON SCHEMA probe TO PUBLIC;
DO $$ BEGIN IF current_setting('server_version_num')::int >= 150000 THEN CREATE EXTENSION pg_walinspect SCHEMA probe; END IF; END $$;

CREATE EXTENSION citext SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE EXTENSION ltree SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE EXTENSION pgcrypto SCHEMA ext;
CREATE EXTENSION "uuid-ossp" SCHEMA ext;
CREATE EXTENSION tablefunc SCHEMA ext;
CREATE EXTENSION dblink SCHEMA ext;
CREATE EXTENSION postgres_fdw SCHEMA ext;
CREATE EXTENSION file_fdw SCHEMA ext;
CREATE EXTENSION xml2 SCHEMA ext;
CREATE EXTENSION lo SCHEMA ext;
CREATE EXTENSION unaccent SCHEMA ext;
CREATE EXTENSION fuzzystrmatch SCHEMA ext;
CREATE EXTENSION intarray SCHEMA ext;
CREATE EXTENSION cube SCHEMA ext;
CREATE EXTENSION earthdistance SCHEMA ext;
CREATE EXTENSION isn SCHEMA ext;
CREATE EXTENSION seg SCHEMA ext;
CREATE EXTENSION btree_gist SCHEMA ext;
CREATE EXTENSION btree_gin SCHEMA ext;
CREATE EXTENSION tsm_system_rows SCHEMA ext;
CREATE EXTENSION tsm_system_time SCHEMA ext;
CREATE EXTENSION pg_prewarm SCHEMA ext;
CREATE EXTENSION pg_freespacemap SCHEMA ext;
CREATE EXTENSION pgrowlocks SCHEMA ext;
CREATE EXTENSION amcheck SCHEMA ext;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_surgery') THEN CREATE EXTENSION pg_surgery SCHEMA ext; END IF;
  IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'adminpack') THEN CREATE EXTENSION adminpack; END IF;
  IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg') THEN CREATE EXTENSION hypopg SCHEMA ext; END IF;
END $$;
