-- in_transaction: yes
CREATE TABLE visits (id bigint NOT NULL, at timestamptz NOT NULL) PARTITION BY HASH (id);
CREATE TABLE visits_0 PARTITION OF visits FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO visits SELECT g, now() FROM generate_series(1, 100) AS g;
