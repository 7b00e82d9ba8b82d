-- Which database this is, whatever it is called: that of another server started at another moment.
SELECT pg_postmaster_start_time(), (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
