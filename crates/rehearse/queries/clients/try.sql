-- Tries statements, each as its role and undone at once: for each the number of
-- rows that it touched, or the error. What puts a row there first is no client's: where
-- it fails, the statement is not tried.
CREATE FUNCTION pg_temp.try(roles text[], firsts text[], statements text[],
                            OUT number int, OUT touched bigint, OUT state text, OUT message text,
                            OUT column_name text, OUT constraint_name text, OUT relation oid)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
  schema_of_error text;
  table_of_error text;
BEGIN
  FOR i IN 1 .. pg_catalog.cardinality(statements) LOOP
    number := i; touched := NULL; state := NULL; message := NULL; column_name := NULL; constraint_name := NULL; relation := NULL;
    BEGIN
      IF firsts[i] IS NOT NULL THEN
        BEGIN
          EXECUTE firsts[i];
        EXCEPTION WHEN OTHERS THEN
          RAISE EXCEPTION SQLSTATE 'HOWDY';
        END;
      END IF;
      EXECUTE pg_catalog.format('SET LOCAL ROLE %I', roles[i]);
      EXECUTE statements[i];
      GET DIAGNOSTICS touched = ROW_COUNT;
      RAISE EXCEPTION SQLSTATE 'HOWDY';
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                              column_name = COLUMN_NAME, constraint_name = CONSTRAINT_NAME,
                              schema_of_error = SCHEMA_NAME, table_of_error = TABLE_NAME;
      relation := pg_catalog.to_regclass(pg_catalog.format('%I.%I', schema_of_error, table_of_error))::pg_catalog.oid;
      IF state = 'HOWDY' THEN state := NULL; END IF;
    END;
    RETURN NEXT;
  END LOOP;
END
$$;
-- What statistics of the target know of columns: a value, and whether some rows have none.
CREATE TEMP TABLE known (relation oid, name name, value text, nulls boolean);
-- Until the end of the transaction no row has to be referred to by another, or to refer to one.
CREATE FUNCTION pg_temp.defer(tables oid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  command text;
BEGIN
  FOR command IN
    SELECT pg_catalog.format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY DEFERRED', c.conrelid::pg_catalog.regclass, c.conname)
      FROM pg_catalog.pg_constraint AS c
     WHERE c.contype = 'f' AND c.conparentid = 0 AND NOT c.condeferred AND (c.conrelid = ANY (tables) OR c.confrelid = ANY (tables))
  LOOP
    BEGIN
      EXECUTE command;
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END LOOP;
END
$$
