-- in_transaction: yes
ALTER TABLE "customers" ADD "loyaltyNumber" character varying;
ALTER TABLE "customers" ADD CONSTRAINT "UQ_6f2d9b0c" UNIQUE ("loyaltyNumber");
