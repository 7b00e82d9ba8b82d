-- in_transaction: yes
ALTER TABLE events_2024 ADD COLUMN source text;
