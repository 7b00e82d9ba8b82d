-- in_transaction: yes
CREATE TYPE mood AS ENUM ('good');
ALTER TYPE mood ADD VALUE 'bad';
CREATE TABLE moods (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'bad');
