-- in_transaction: yes
CREATE MATERIALIZED VIEW sales_by_channel AS SELECT channel, sum(total) AS total FROM orders GROUP BY channel WITH DATA;
CREATE UNIQUE INDEX ON sales_by_channel (channel);
