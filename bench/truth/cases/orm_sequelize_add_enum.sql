-- in_transaction: no
CREATE TYPE "public"."enum_customers_tier" AS ENUM('free', 'pro');
ALTER TABLE "public"."customers" ADD COLUMN "tier" "public"."enum_customers_tier" DEFAULT 'free';
