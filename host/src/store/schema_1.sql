-- Step 1: plugins, tokens, kv. Times are milliseconds since 1970, UTC.

CREATE TABLE plugins (
    id           TEXT    NOT NULL,
    version      TEXT    NOT NULL,
    digest       BLOB    NOT NULL CHECK (length(digest) = 32),
    manifest     TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    installed_ms INTEGER NOT NULL,
    active       INTEGER NOT NULL CHECK (active IN (0, 1)),
    PRIMARY KEY (id, version)
) STRICT;
-- At most one version of a plugin is active.
CREATE UNIQUE INDEX plugins_active ON plugins (id) WHERE active = 1;

CREATE TABLE tokens (
    id         TEXT    NOT NULL PRIMARY KEY,
    -- SHA-256 of the token: the token itself is nowhere.
    hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    service    TEXT    NOT NULL,
    app        TEXT    NOT NULL,
    -- The app user, if the token stands for one: all three, or none.
    user_id      TEXT,
    user_account TEXT,
    user_name    TEXT,
    -- Separated by spaces, as in OAuth.
    scopes     TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) STRICT;

-- The values of plugins. scope is 'shared', or 'app:' and the app key. The key is a BLOB (of UTF-8), because a range of keys
-- that share a prefix may end at bytes that are no text. WITHOUT ROWID keeps one app's rows side by side on disk.
CREATE TABLE kv (
    service TEXT    NOT NULL,
    scope   TEXT    NOT NULL,
    store   TEXT    NOT NULL,
    key     BLOB    NOT NULL CHECK (length(key) BETWEEN 1 AND 512),
    version INTEGER NOT NULL CHECK (version > 0),
    value   BLOB    NOT NULL,
    PRIMARY KEY (service, scope, store, key)
) STRICT, WITHOUT ROWID;

-- What a service's rows weigh together, and the highest version that an erased app's rows ever had.
CREATE TABLE kv_services (
    service TEXT    NOT NULL PRIMARY KEY,
    bytes   INTEGER NOT NULL CHECK (bytes >= 0),
    floor   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The highest version that a removed key of a store ever had.
CREATE TABLE kv_floors (
    service TEXT    NOT NULL,
    scope   TEXT    NOT NULL,
    store   TEXT    NOT NULL,
    floor   INTEGER NOT NULL,
    PRIMARY KEY (service, scope, store)
) STRICT, WITHOUT ROWID;
