-- in_transaction: yes
ALTER TABLE events ADD COLUMN source text DEFAULT 'web';
