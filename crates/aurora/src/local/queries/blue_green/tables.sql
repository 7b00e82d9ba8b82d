-- How many tables this database's subscription has, and how many of them are not yet copied.
SELECT count(*),
       count(*) FILTER (WHERE r.srsubstate <> 'r')
  FROM pg_catalog.pg_subscription_rel r
  JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid
  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
 WHERE d.datname = current_database()
