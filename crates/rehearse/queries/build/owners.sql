-- In a new database everything is the runner's.
DO $$
BEGIN
  EXECUTE pg_catalog.format('ALTER DATABASE %I OWNER TO postgres', pg_catalog.current_database());
  ALTER SCHEMA public OWNER TO postgres;
END
$$
