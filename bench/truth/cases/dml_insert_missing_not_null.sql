-- in_transaction: yes
INSERT INTO plans (id, code) VALUES (700, 'plan-700');
