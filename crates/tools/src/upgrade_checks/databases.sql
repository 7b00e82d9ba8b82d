-- The databases that an upgrade has to read; what else there is, the check of closed databases tells.
SELECT d.datname FROM pg_database d WHERE d.datallowconn AND d.datconnlimit <> -2 AND d.datname <> 'rdsadmin' ORDER BY 1;
