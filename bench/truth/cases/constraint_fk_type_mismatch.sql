-- in_transaction: yes
ALTER TABLE sessions ADD CONSTRAINT sessions_order FOREIGN KEY (data) REFERENCES orders (id);
