-- Tries statements, each as its role and undone at once: for each the number of
-- rows that it touched, or the error.
CREATE FUNCTION pg_temp.try(roles text[], statements text[],
                            OUT number int, OUT touched bigint, OUT state text, OUT message text,
                            OUT column_name text, OUT constraint_name text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. pg_catalog.cardinality(statements) LOOP
    number := i; touched := NULL; state := NULL; message := NULL; column_name := NULL; constraint_name := NULL;
    BEGIN
      EXECUTE pg_catalog.format('SET LOCAL ROLE %I', roles[i]);
      EXECUTE statements[i];
      GET DIAGNOSTICS touched = ROW_COUNT;
      RAISE EXCEPTION SQLSTATE 'HOWDY';
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                              column_name = COLUMN_NAME, constraint_name = CONSTRAINT_NAME;
      IF state = 'HOWDY' THEN state := NULL; END IF;
    END;
    RETURN NEXT;
  END LOOP;
END
$$
