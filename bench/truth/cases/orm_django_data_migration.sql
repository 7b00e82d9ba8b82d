-- in_transaction: yes
-- Raw SQL operation
UPDATE "plans" SET "price" = 49.00 WHERE "plans"."code" = 'plan-3';
INSERT INTO "plans" ("id", "code", "price", "note") VALUES (201, 'enterprise', '499.00', NULL);
UPDATE "customers" SET "plan_id" = 201 WHERE "customers"."id" IN (17, 18, 19);
