-- in_transaction: yes
CREATE TABLE logs (id bigint NOT NULL, at timestamptz NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE logs_2026_01 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE logs_default PARTITION OF logs DEFAULT;
CREATE INDEX logs_at ON logs (at);
