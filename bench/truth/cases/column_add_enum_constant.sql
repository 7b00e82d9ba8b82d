-- in_transaction: yes
CREATE TYPE risk AS ENUM ('low', 'high');
ALTER TABLE customers ADD COLUMN risk risk NOT NULL DEFAULT 'low';
