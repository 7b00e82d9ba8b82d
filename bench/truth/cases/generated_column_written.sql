-- in_transaction: yes
ALTER TABLE plans DROP COLUMN note;
ALTER TABLE plans ADD COLUMN note text GENERATED ALWAYS AS ('plan ' || code) STORED;
