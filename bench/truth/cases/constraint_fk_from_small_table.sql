-- in_transaction: yes
-- setup: ALTER TABLE settings ADD COLUMN changed_by int;
ALTER TABLE settings ADD CONSTRAINT settings_changed_by_fkey FOREIGN KEY (changed_by) REFERENCES customers (id);
