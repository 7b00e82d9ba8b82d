-- in_transaction: yes
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE sessions ADD CONSTRAINT one_session_at_a_time EXCLUDE USING gist (customer_id WITH =);
