-- in_transaction: yes
ALTER TABLE "products"
    ADD COLUMN "brand" text,
    ADD COLUMN "rating" numeric(3, 2) NOT NULL DEFAULT 0,
    ADD COLUMN "shuffle" double precision NOT NULL DEFAULT random();
