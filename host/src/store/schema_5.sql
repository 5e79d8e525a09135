-- Step 5: an app whose data was purged stays known as one that left. A CHECK cannot be changed, so the table is made anew.

CREATE TABLE subscriptions_new (
    service         TEXT    NOT NULL,
    app_key         TEXT    NOT NULL,
    app_id          TEXT    NOT NULL,
    subscription_id TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('subscribed', 'cancelled', 'purged')),
    since_ms        INTEGER NOT NULL,
    -- The message that made it so.
    message_id      TEXT    NOT NULL,
    -- When the app's data is to be purged; NULL when it is not, or when the message for it is on its way.
    purge_ms        INTEGER,
    PRIMARY KEY (service, app_key)
) STRICT, WITHOUT ROWID;
INSERT INTO subscriptions_new (service, app_key, app_id, subscription_id, state, since_ms, message_id, purge_ms)
    SELECT service, app_key, app_id, subscription_id, state, since_ms, message_id, purge_ms FROM subscriptions;
DROP TABLE subscriptions;
ALTER TABLE subscriptions_new RENAME TO subscriptions;
CREATE INDEX subscriptions_purge ON subscriptions (service, purge_ms) WHERE purge_ms IS NOT NULL;
