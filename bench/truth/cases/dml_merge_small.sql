-- in_transaction: yes
MERGE INTO plans AS p
USING (VALUES (1, 9.90), (2, 19.90)) AS v (id, price) ON v.id = p.id
WHEN MATCHED THEN UPDATE SET price = v.price
WHEN NOT MATCHED THEN INSERT (id, code, price) VALUES (v.id, 'plan-' || v.id, v.price);
