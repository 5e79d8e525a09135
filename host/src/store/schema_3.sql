-- Step 3: sessions of consoles.

CREATE TABLE sessions (
    -- SHA-256 of the token in the cookie: the token itself is nowhere.
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    service    TEXT    NOT NULL,
    app        TEXT    NOT NULL,
    app_id     TEXT    NOT NULL,
    -- SHA-256 of the service and the auth code it was opened with: each code opens one session.
    code       BLOB    NOT NULL UNIQUE CHECK (length(code) = 32),
    opened_ms  INTEGER NOT NULL,
    -- Moved on while the session is used, to ends_ms at most. Ending one is moving this to now: the row stays for a while, so
    -- that its code stays used.
    expires_ms INTEGER NOT NULL,
    ends_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Which of an app's, and of a service's, ends first.
CREATE INDEX sessions_app ON sessions (service, app, expires_ms);
CREATE INDEX sessions_service ON sessions (service, expires_ms);
CREATE INDEX sessions_over ON sessions (expires_ms);
