-- in_transaction: yes
-- migrate:up
ALTER TABLE sessions ADD COLUMN ip inet, ADD COLUMN user_agent text;
