-- in_transaction: yes
UPDATE "customers" SET "legacy_code" = '' WHERE "legacy_code" IS NULL;
ALTER TABLE "customers" ALTER COLUMN "legacy_code" SET NOT NULL;
