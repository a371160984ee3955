-- A library of format 1 as it was first released; never to be changed.
PRAGMA application_id = 1282097516;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE embeddings (
        image INTEGER PRIMARY KEY REFERENCES images(id),
        revision INTEGER NOT NULL,
        vector BLOB NOT NULL
    );
INSERT INTO "embeddings" VALUES(1,1795457810565380,X'0000803F000000000000000000000000');
INSERT INTO "embeddings" VALUES(2,1795457810565380,X'000000000000803F0000000000000000');
CREATE TABLE images (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        root INTEGER NOT NULL REFERENCES roots(id),
        relative BLOB NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        digest TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        format TEXT NOT NULL,
        taken TEXT,
        camera TEXT,
        latitude REAL,
        longitude REAL,
        UNIQUE (root, relative)
    );
INSERT INTO "images" VALUES(1,1,X'612F6F6E652E6A7067',1000,1700000000000000001,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',640,480,'JPEG','2024-02-29T10:11:12','Acme Box',47.375,8.54);
INSERT INTO "images" VALUES(2,1,X'622F636166E92E706E67',2000,1700000000000000002,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',30,40,'PNG',NULL,NULL,NULL,NULL);
CREATE TABLE removals (
        image INTEGER PRIMARY KEY,
        revision INTEGER NOT NULL
    );
INSERT INTO "removals" VALUES(3,1795457810566095);
CREATE TABLE roots (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
INSERT INTO "roots" VALUES(1,X'2F7069637475726573');
INSERT INTO "roots" VALUES(2,X'2F6D6F7265');
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "settings" VALUES('dim','4');
INSERT INTO "settings" VALUES('identity','0123456789abcdef');
INSERT INTO "settings" VALUES('model','a-model-of-2025');
INSERT INTO "settings" VALUES('revision','1795457810566095');
CREATE TABLE skipped (
        root INTEGER NOT NULL REFERENCES roots(id),
        relative BLOB NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        reason TEXT NOT NULL,
        tried_with TEXT NOT NULL,
        PRIMARY KEY (root, relative)
    ) WITHOUT ROWID;
INSERT INTO "skipped" VALUES(1,X'6C6973742E6A7067',40,1700000000000000004,'is not a picture (its content is text)','');
CREATE INDEX images_by_digest ON images(digest);
CREATE INDEX embeddings_by_revision ON embeddings(revision);
CREATE INDEX removals_by_revision ON removals(revision);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('images',3);
COMMIT;
