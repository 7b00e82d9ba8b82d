-- What only a superuser can give.
ALTER SCHEMA public OWNER TO deploy;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO deploy', current_database()); END $$;
