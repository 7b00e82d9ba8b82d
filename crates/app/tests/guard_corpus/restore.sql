SET client_min_messages = error;
-- Puts back what a real attack changed, so that the next one finds the same world. A superuser runs it after each effect.
DO $restore$
DECLARE
  slot text;
  object oid;
BEGIN
  FOR slot IN SELECT slot_name FROM pg_replication_slots WHERE NOT active AND slot_name <> 'canary_slot' LOOP
    PERFORM pg_drop_replication_slot(slot);
  END LOOP;
  FOR slot IN SELECT roname FROM pg_replication_origin WHERE roname <> 'canary_origin' LOOP
    PERFORM pg_replication_origin_drop(slot);
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_replication_origin WHERE roname = 'canary_origin') THEN
    PERFORM pg_replication_origin_create('canary_origin');
  END IF;
  FOR object IN SELECT oid FROM pg_largeobject_metadata WHERE oid <> 4242 LOOP
    PERFORM lo_unlink(object);
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_largeobject_metadata WHERE oid = 4242) THEN
    PERFORM lo_from_bytea(4242, 'large canary');
    EXECUTE 'GRANT ALL ON LARGE OBJECT 4242 TO PUBLIC';
  END IF;
  DROP TABLE IF EXISTS h.created_by_into, h.created_by_union, h.created_by_ctas, h.created_by_explain, h.created_by_parens, h.copied, h.never;
  DROP VIEW IF EXISTS h.created_view;
  DROP FUNCTION IF EXISTS h.created(), h.atomic_created(), h.event_trigger();
  DROP SEQUENCE IF EXISTS h.created_seq;
  DROP TYPE IF EXISTS h.created_type;
  DROP DOMAIN IF EXISTS h.created_domain;
  DROP SCHEMA IF EXISTS created, created_with CASCADE;
  DROP STATISTICS IF EXISTS h.created_statistics;
  DROP EXTENSION IF EXISTS moddatetime;
  DROP PUBLICATION IF EXISTS created_publication;
  DROP SERVER IF EXISTS created_server;
  DROP FOREIGN DATA WRAPPER IF EXISTS created_wrapper;
  DROP INDEX IF EXISTS h.plains_t_idx;
  IF to_regclass('h.canary') IS NULL THEN
    CREATE TABLE h.canary (id int PRIMARY KEY, t text, n int, v varchar(20), d date, j jsonb);
    GRANT ALL ON h.canary TO PUBLIC;
  END IF;
  IF (SELECT count(*) FROM h.canary) <> 5 OR EXISTS (SELECT FROM h.canary c WHERE c.t <> 'row ' || c.id) THEN
    DELETE FROM h.canary;
    INSERT INTO h.canary SELECT i, 'row ' || i, i % 3, 'v' || i, date '2020-01-01' + i, jsonb_build_object('k', i) FROM generate_series(1, 5) i;
  END IF;
  PERFORM count(*) FROM h.canary_vm;
  INSERT INTO h.canary_tsv VALUES (1000, to_tsvector('simple', 'pending'));
END $restore$;
