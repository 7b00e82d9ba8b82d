-- in_transaction: no
ALTER TABLE products ADD COLUMN public_id uuid, ALTER COLUMN public_id SET DEFAULT gen_random_uuid();
UPDATE products SET public_id = gen_random_uuid() WHERE public_id IS NULL AND id BETWEEN 1 AND 1000;
UPDATE products SET public_id = gen_random_uuid() WHERE public_id IS NULL AND id BETWEEN 1001 AND 2000;
UPDATE products SET public_id = gen_random_uuid() WHERE public_id IS NULL AND id BETWEEN 2001 AND 3000;
