-- in_transaction: yes
DELETE FROM countries WHERE code = 'AB';
