-- Step 4: the embedded platform, and the outbox of mails. Ids are 24 hex digits; times are milliseconds since 1970, UTC.

CREATE TABLE platform_developers (
    id         TEXT    NOT NULL PRIMARY KEY,
    -- In lower case.
    email      TEXT    NOT NULL UNIQUE,
    -- An argon2id hash in PHC form; without one nobody logs in.
    password   BLOB,
    cellphone  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    -- The code it was invited with, which is used up.
    invitation TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX platform_developers_cellphone ON platform_developers (cellphone) WHERE cellphone <> '';

-- Codes that nobody has used yet, by their SHA-256.
CREATE TABLE platform_invitations (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    expires_ms INTEGER NOT NULL
) STRICT;

-- Without an owner it is the operator's.
CREATE TABLE platform_apps (
    id         TEXT    NOT NULL PRIMARY KEY,
    key        TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    owner      TEXT    REFERENCES platform_developers (id),
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX platform_apps_owner ON platform_apps (owner);

CREATE TABLE platform_services (
    id             TEXT    NOT NULL PRIMARY KEY,
    key            TEXT    NOT NULL UNIQUE,
    name           TEXT    NOT NULL,
    public         INTEGER NOT NULL CHECK (public IN (0, 1)),
    -- Sealed. Services of the configuration have none here: theirs is read from where the configuration says.
    sign_key       BLOB,
    message_api    TEXT    NOT NULL,
    service_api    TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    manage_address TEXT    NOT NULL,
    manage_by_open INTEGER NOT NULL CHECK (manage_by_open IN (0, 1)),
    allow_user_api INTEGER NOT NULL CHECK (allow_user_api IN (0, 1)),
    owner          TEXT    REFERENCES platform_developers (id),
    created_ms     INTEGER NOT NULL,
    updated_ms     INTEGER NOT NULL,
    -- How many app users it made, so that their bound costs no counting.
    users          INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX platform_services_owner ON platform_services (owner);

CREATE TABLE platform_subscriptions (
    id         TEXT    NOT NULL PRIMARY KEY,
    app        TEXT    NOT NULL REFERENCES platform_apps (id),
    service    TEXT    NOT NULL REFERENCES platform_services (id),
    state      TEXT    NOT NULL CHECK (state IN ('pending_subscribed', 'subscribed', 'pending_cancel')),
    created_ms INTEGER NOT NULL,
    UNIQUE (app, service)
) STRICT;
CREATE INDEX platform_subscriptions_service ON platform_subscriptions (service);

-- What the services are told, in the order of the platform's own sequence.
CREATE TABLE platform_messages (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE,
    service      TEXT    NOT NULL REFERENCES platform_services (id),
    kind         TEXT    NOT NULL CHECK (kind IN ('app_subscribe_service', 'app_cancel_service')),
    app          TEXT    NOT NULL,
    app_key      TEXT    NOT NULL,
    subscription TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('init', 'send', 'resolved')),
    -- Notices that failed, and when the next one is due; none is due where it is left to polling.
    attempts     INTEGER NOT NULL,
    next_ms      INTEGER,
    created_ms   INTEGER NOT NULL,
    resolved_ms  INTEGER
) STRICT;
CREATE INDEX platform_messages_open ON platform_messages (service, seq) WHERE state <> 'resolved';
CREATE INDEX platform_messages_due ON platform_messages (next_ms) WHERE next_ms IS NOT NULL;
CREATE INDEX platform_messages_resolved ON platform_messages (seq) WHERE state = 'resolved';

-- The code itself is sealed, because it has to be shown again; it is found by its SHA-256.
CREATE TABLE platform_tokens (
    id           TEXT    NOT NULL PRIMARY KEY,
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    sealed       BLOB    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('developer', 'app', 'service', 'end')),
    -- The developer, app or service it stands for; for 'end' the app, and in account its app user.
    resource     TEXT    NOT NULL,
    resource_key TEXT    NOT NULL,
    account      TEXT    NOT NULL,
    created_ms   INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX platform_tokens_resource ON platform_tokens (kind, resource, account);
CREATE INDEX platform_tokens_expiry ON platform_tokens (expires_ms) WHERE kind IN ('developer', 'end');

-- With which an app's developer shows a console which app is his.
CREATE TABLE platform_codes (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    app        TEXT    NOT NULL REFERENCES platform_apps (id) ON DELETE CASCADE,
    expires_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX platform_codes_app ON platform_codes (app, expires_ms);

CREATE TABLE platform_users (
    id         TEXT    NOT NULL PRIMARY KEY,
    app        TEXT    NOT NULL REFERENCES platform_apps (id) ON DELETE CASCADE,
    service    TEXT    NOT NULL REFERENCES platform_services (id) ON DELETE CASCADE,
    account    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    email      TEXT,
    cellphone  TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (app, service, account)
) STRICT;
CREATE INDEX platform_users_service ON platform_users (service);

-- Mails for the operator to send. The letter is sealed: a link in it may open an account.
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    service    TEXT    NOT NULL,
    app        TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    letter     BLOB    NOT NULL,
    created_ms INTEGER NOT NULL,
    sent_ms    INTEGER
) STRICT;
CREATE INDEX outbox_waiting ON outbox (service) WHERE sent_ms IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_ms) WHERE sent_ms IS NOT NULL;
