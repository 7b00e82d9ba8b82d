-- in_transaction: yes
CREATE TABLE api_keys (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner_id int NOT NULL);
INSERT INTO api_keys (owner_id) SELECT generate_series(1, 10);
ALTER TABLE api_keys ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX api_keys_token ON api_keys (token);
ALTER TABLE api_keys ALTER COLUMN owner_id TYPE bigint;
