-- name: q01
SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice), sum(l_extendedprice * (1 - l_discount)), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90 days' GROUP BY 1, 2 ORDER BY 1, 2;
-- name: q02
SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment FROM part JOIN partsupp ON ps_partkey = p_partkey JOIN supplier ON s_suppkey = ps_suppkey JOIN nation ON n_nationkey = s_nationkey JOIN region ON r_regionkey = n_regionkey
WHERE p_size = {size} AND p_type LIKE {metal} AND r_name = {region} AND ps_supplycost = (SELECT min(ps.ps_supplycost) FROM partsupp ps JOIN supplier s ON s.s_suppkey = ps.ps_suppkey JOIN nation n ON n.n_nationkey = s.s_nationkey JOIN region r ON r.r_regionkey = n.n_regionkey WHERE ps.ps_partkey = p_partkey AND r.r_name = {region})
ORDER BY s_acctbal DESC, n_name, s_name, p_partkey LIMIT 100;
-- name: q03
SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority FROM customer JOIN orders ON o_custkey = c_custkey JOIN lineitem ON l_orderkey = o_orderkey
WHERE c_mktsegment = {segment} AND o_orderdate < {day}::date AND l_shipdate > {day}::date GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate LIMIT 10;
-- name: q04
SELECT o_orderpriority, count(*) FROM orders WHERE o_orderdate >= {quarter}::date AND o_orderdate < {quarter}::date + interval '3 months' AND EXISTS (SELECT FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate) GROUP BY 1 ORDER BY 1;
-- name: q05
SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue FROM customer JOIN orders ON o_custkey = c_custkey JOIN lineitem ON l_orderkey = o_orderkey JOIN supplier ON s_suppkey = l_suppkey AND s_nationkey = c_nationkey JOIN nation ON n_nationkey = s_nationkey JOIN region ON r_regionkey = n_regionkey
WHERE r_name = {region} AND o_orderdate >= {year}::date AND o_orderdate < {year}::date + interval '1 year' GROUP BY n_name ORDER BY revenue DESC;
-- name: q06
SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_shipdate >= {year}::date AND l_shipdate < {year}::date + interval '1 year' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24;
-- name: q07
SELECT n1.n_name, n2.n_name, extract(year FROM l_shipdate), sum(l_extendedprice * (1 - l_discount)) FROM supplier JOIN lineitem ON l_suppkey = s_suppkey JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey JOIN nation n1 ON n1.n_nationkey = s_nationkey JOIN nation n2 ON n2.n_nationkey = c_nationkey
WHERE (n1.n_name = {nation} AND n2.n_name = 'CHINA' OR n1.n_name = 'CHINA' AND n2.n_name = {nation}) AND l_shipdate BETWEEN '1995-01-01' AND '1996-12-31' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- name: q08
SELECT extract(year FROM o_orderdate), sum(CASE WHEN n2.n_name = {nation} THEN l_extendedprice * (1 - l_discount) ELSE 0 END) / sum(l_extendedprice * (1 - l_discount)) FROM part JOIN lineitem ON l_partkey = p_partkey JOIN supplier ON s_suppkey = l_suppkey JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey
JOIN nation n1 ON n1.n_nationkey = c_nationkey JOIN nation n2 ON n2.n_nationkey = s_nationkey JOIN region ON r_regionkey = n1.n_regionkey WHERE r_name = {region} AND o_orderdate BETWEEN '1995-01-01' AND '1996-12-31' AND p_type = 'ECONOMY ANODIZED STEEL' GROUP BY 1 ORDER BY 1;
-- name: q09
SELECT n_name, extract(year FROM o_orderdate) AS year, sum(l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity) FROM part JOIN lineitem ON l_partkey = p_partkey JOIN supplier ON s_suppkey = l_suppkey JOIN partsupp ON ps_partkey = l_partkey AND ps_suppkey = l_suppkey JOIN orders ON o_orderkey = l_orderkey JOIN nation ON n_nationkey = s_nationkey
WHERE p_name LIKE {colour} GROUP BY 1, 2 ORDER BY 1, 2 DESC;
-- name: q10
SELECT c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) AS revenue, c_acctbal, n_name, c_address, c_phone, c_comment FROM customer JOIN orders ON o_custkey = c_custkey JOIN lineitem ON l_orderkey = o_orderkey JOIN nation ON n_nationkey = c_nationkey
WHERE o_orderdate >= {quarter}::date AND o_orderdate < {quarter}::date + interval '3 months' AND l_returnflag = 'R' GROUP BY c_custkey, n_name ORDER BY revenue DESC LIMIT 20;
-- name: q11
SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS value FROM partsupp JOIN supplier ON s_suppkey = ps_suppkey JOIN nation ON n_nationkey = s_nationkey WHERE n_name = {nation} GROUP BY ps_partkey
HAVING sum(ps_supplycost * ps_availqty) > (SELECT sum(ps_supplycost * ps_availqty) * 0.0005 FROM partsupp JOIN supplier ON s_suppkey = ps_suppkey JOIN nation ON n_nationkey = s_nationkey WHERE n_name = {nation}) ORDER BY value DESC;
-- name: q12
SELECT l_shipmode, count(*) FILTER (WHERE o_orderpriority IN ('1-URGENT', '2-HIGH')), count(*) FILTER (WHERE o_orderpriority NOT IN ('1-URGENT', '2-HIGH')) FROM orders JOIN lineitem ON l_orderkey = o_orderkey
WHERE l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate AND l_receiptdate >= {year}::date AND l_receiptdate < {year}::date + interval '1 year' GROUP BY 1 ORDER BY 1;
-- name: q13
SELECT orders, count(*) AS customers FROM (SELECT c_custkey, count(o_orderkey) AS orders FROM customer LEFT JOIN orders ON o_custkey = c_custkey AND o_comment NOT LIKE '%special%requests%' GROUP BY c_custkey) counted GROUP BY orders ORDER BY customers DESC, orders DESC;
-- name: q14
SELECT 100 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END) / sum(l_extendedprice * (1 - l_discount)) FROM lineitem JOIN part ON p_partkey = l_partkey WHERE l_shipdate >= {quarter}::date AND l_shipdate < {quarter}::date + interval '1 month';
-- name: q15
WITH revenue AS (SELECT l_suppkey AS supplier, sum(l_extendedprice * (1 - l_discount)) AS total FROM lineitem WHERE l_shipdate >= {quarter}::date AND l_shipdate < {quarter}::date + interval '3 months' GROUP BY l_suppkey)
SELECT s_suppkey, s_name, s_address, s_phone, total FROM supplier JOIN revenue ON supplier = s_suppkey WHERE total = (SELECT max(total) FROM revenue) ORDER BY s_suppkey;
-- name: q16
SELECT p_brand, p_type, p_size, count(DISTINCT ps_suppkey) AS suppliers FROM partsupp JOIN part ON p_partkey = ps_partkey WHERE p_brand <> 'Brand#45' AND p_type NOT LIKE 'MEDIUM POLISHED%' AND p_size IN (49, 14, 23, 45, 19, 3, 36, 9)
AND ps_suppkey NOT IN (SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%') GROUP BY 1, 2, 3 ORDER BY suppliers DESC, 1, 2, 3;
-- name: q18
SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) FROM customer JOIN orders ON o_custkey = c_custkey JOIN lineitem ON l_orderkey = o_orderkey WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 300)
GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice ORDER BY o_totalprice DESC, o_orderdate LIMIT 100;
-- name: q19
SELECT sum(l_extendedprice * (1 - l_discount)) FROM lineitem JOIN part ON p_partkey = l_partkey WHERE l_shipmode IN ('AIR', 'AIR REG') AND l_shipinstruct = 'DELIVER IN PERSON' AND (
p_brand = 'Brand#12' AND p_container IN ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG') AND l_quantity BETWEEN 1 AND 11 AND p_size BETWEEN 1 AND 5 OR
p_brand = 'Brand#23' AND p_container IN ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK') AND l_quantity BETWEEN 10 AND 20 AND p_size BETWEEN 1 AND 10 OR
p_brand = 'Brand#34' AND p_container IN ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG') AND l_quantity BETWEEN 20 AND 30 AND p_size BETWEEN 1 AND 15);
-- name: q21
SELECT s_name, count(*) AS waits FROM supplier JOIN lineitem l1 ON l1.l_suppkey = s_suppkey JOIN orders ON o_orderkey = l1.l_orderkey JOIN nation ON n_nationkey = s_nationkey WHERE o_orderstatus = 'F' AND l1.l_receiptdate > l1.l_commitdate AND n_name = {nation}
AND EXISTS (SELECT FROM lineitem l2 WHERE l2.l_orderkey = l1.l_orderkey AND l2.l_suppkey <> l1.l_suppkey) AND NOT EXISTS (SELECT FROM lineitem l3 WHERE l3.l_orderkey = l1.l_orderkey AND l3.l_suppkey <> l1.l_suppkey AND l3.l_receiptdate > l3.l_commitdate)
GROUP BY s_name ORDER BY waits DESC, s_name LIMIT 100;
-- name: q22
SELECT country, count(*), sum(c_acctbal) FROM (SELECT substring(c_phone FROM 1 FOR 2) AS country, c_acctbal FROM customer WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17')
AND c_acctbal > (SELECT avg(c_acctbal) FROM customer WHERE c_acctbal > 0 AND substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17')) AND NOT EXISTS (SELECT FROM orders WHERE o_custkey = c_custkey)) sold GROUP BY country ORDER BY country;
