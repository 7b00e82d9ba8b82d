-- in_transaction: yes
CREATE TABLE orders_archive (LIKE orders INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
ALTER TABLE orders_archive ADD COLUMN archived_at timestamptz NOT NULL DEFAULT now();
