-- Step 2: messages, subscriptions, app ids. Times are milliseconds since 1970, UTC.

-- hinted → known → claimed → done → resolved, or dead.
CREATE TABLE messages (
    -- The order of arrival.
    number          INTEGER PRIMARY KEY,
    service         TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('hinted', 'known', 'claimed', 'done', 'resolved', 'dead')),
    -- As the platform told them; NULL while the message is only hinted, and the content once more when it is resolved.
    kind            TEXT,
    content         TEXT,
    back_service_id TEXT,
    -- Out of the content. NULL where it could not be read.
    app_key         TEXT,
    app_id          TEXT,
    subscription_id TEXT,
    -- Its turn among its app's messages; NULL until the platform's order is known.
    place           INTEGER,
    -- 1 for the one of its app's unfinished messages whose turn it is, and only for that.
    head            INTEGER NOT NULL DEFAULT 0 CHECK (head IN (0, 1)),
    at_ms           INTEGER NOT NULL,
    changed_ms      INTEGER NOT NULL,
    -- Not to be fetched, delivered or resolved before.
    due_ms          INTEGER NOT NULL,
    -- 1 where the plugin itself named due_ms, so that a poll does not come before it.
    patient         INTEGER NOT NULL DEFAULT 0 CHECK (patient IN (0, 1)),
    -- Deliveries.
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- Calls to the platform about it that came to nothing, since its last change.
    tries           INTEGER NOT NULL DEFAULT 0,
    -- Of the last failure.
    reason          TEXT,
    -- Who holds the claim, which claim of this message it is, and until when.
    owner           TEXT,
    lease           INTEGER NOT NULL DEFAULT 0,
    expires_ms      INTEGER,
    UNIQUE (service, id)
) STRICT;

-- One small index for each question the line asks again and again, over the rows that can answer it: what a message costs does
-- not depend on how many are resolved, dead, or another service's.
CREATE INDEX messages_hinted   ON messages (service, due_ms, number)     WHERE state = 'hinted';
CREATE INDEX messages_unplaced ON messages (service, number)             WHERE place IS NULL AND app_key IS NOT NULL AND state IN ('known', 'dead');
CREATE INDEX messages_queue    ON messages (service, app_key, place)     WHERE app_key IS NOT NULL AND state IN ('known', 'claimed', 'dead');
-- No app has two.
CREATE UNIQUE INDEX messages_head ON messages (service, app_key)     WHERE head = 1;
CREATE INDEX messages_due      ON messages (service, due_ms, place)      WHERE state = 'known' AND head = 1;
CREATE INDEX messages_claimed  ON messages (service, expires_ms)         WHERE state = 'claimed';
CREATE INDEX messages_done     ON messages (service, due_ms, number)     WHERE state = 'done';
CREATE INDEX messages_dead     ON messages (service, number)             WHERE state = 'dead';
CREATE INDEX messages_resolved ON messages (changed_ms)                  WHERE state = 'resolved';

-- How many of a service are in each state, kept by the triggers below so that nobody counts rows.
CREATE TABLE message_counts (
    service TEXT    NOT NULL,
    state   TEXT    NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (service, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER messages_inserted AFTER INSERT ON messages BEGIN
    INSERT INTO message_counts VALUES (NEW.service, NEW.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
    UPDATE message_counts SET count = count - 1 WHERE service = OLD.service AND state = OLD.state;
END;
CREATE TRIGGER messages_changed AFTER UPDATE OF state ON messages WHEN OLD.state <> NEW.state BEGIN
    UPDATE message_counts SET count = count - 1 WHERE service = OLD.service AND state = OLD.state;
    INSERT INTO message_counts VALUES (NEW.service, NEW.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- The next place of a service's messages.
CREATE TABLE message_places (
    service TEXT    NOT NULL PRIMARY KEY,
    next    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages that an operator dropped: the platform goes on listing them. seen_ms is when it last did, to the day.
CREATE TABLE messages_dropped (
    service TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (service, id)
) STRICT, WITHOUT ROWID;

-- The apps that subscribed to a service, and those that cancelled and whose data is still there.
CREATE TABLE subscriptions (
    service         TEXT    NOT NULL,
    app_key         TEXT    NOT NULL,
    app_id          TEXT    NOT NULL,
    subscription_id TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('subscribed', 'cancelled')),
    since_ms        INTEGER NOT NULL,
    -- The message that made it so.
    message_id      TEXT    NOT NULL,
    -- When the app's data is to be purged; NULL when it is not, or when the message for it is on its way.
    purge_ms        INTEGER,
    PRIMARY KEY (service, app_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_purge ON subscriptions (service, purge_ms) WHERE purge_ms IS NOT NULL;

-- Which id an app has at the platform, from whatever told it last.
CREATE TABLE app_ids (
    app_key TEXT NOT NULL PRIMARY KEY,
    app_id  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
