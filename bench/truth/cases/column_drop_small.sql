-- in_transaction: yes
ALTER TABLE plans DROP COLUMN note;
