-- in_transaction: no
CREATE TABLE tenants (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO tenants VALUES (1, 'default');
ALTER TABLE orders ADD COLUMN tenant_id int NOT NULL DEFAULT 1;
ALTER TABLE orders ADD CONSTRAINT orders_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenants (id) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_tenant_fk;
CREATE INDEX CONCURRENTLY orders_tenant_idx ON orders (tenant_id);
