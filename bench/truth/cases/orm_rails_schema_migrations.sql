-- in_transaction: yes
CREATE TABLE "schema_migrations" ("version" character varying NOT NULL PRIMARY KEY);
CREATE TABLE "articles" ("id" bigserial primary key, "title" character varying, "body" text, "created_at" timestamp(6) NOT NULL);
CREATE INDEX "index_articles_on_title" ON "articles" ("title");
INSERT INTO "schema_migrations" (version) VALUES ('20260101120000');
