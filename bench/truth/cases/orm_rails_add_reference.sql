-- in_transaction: yes
CREATE TABLE "devices" ("id" bigserial primary key, "token" character varying NOT NULL, "created_at" timestamp(6) NOT NULL, "updated_at" timestamp(6) NOT NULL);
CREATE UNIQUE INDEX "index_devices_on_token" ON "devices" ("token");
ALTER TABLE "orders" ADD "platform" character varying DEFAULT 'web' NOT NULL;
ALTER TABLE "orders" ADD "device_id" bigint;
ALTER TABLE "orders" ADD CONSTRAINT "fk_rails_12ab34cd56" FOREIGN KEY ("device_id") REFERENCES "devices" ("id");
