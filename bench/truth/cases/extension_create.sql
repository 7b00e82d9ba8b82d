-- in_transaction: yes
CREATE EXTENSION IF NOT EXISTS pg_trgm;
