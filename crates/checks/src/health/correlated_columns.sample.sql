-- How many values two columns have in a sample, alone and together. $1: which pair.
SELECT $1::text AS id, count(*) AS rows, count(DISTINCT t.first) AS first, count(DISTINCT t.second) AS second,
       count(DISTINCT (t.first, t.second)) AS both
FROM (SELECT <first> AS first, <second> AS second FROM <table> TABLESAMPLE SYSTEM (<share>) REPEATABLE (1) LIMIT 20000) t
WHERE t.first IS NOT NULL AND t.second IS NOT NULL;
