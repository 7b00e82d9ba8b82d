-- in_transaction: yes
ALTER TABLE settings ALTER COLUMN value TYPE int USING value::int;
