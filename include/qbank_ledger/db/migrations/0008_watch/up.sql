-- Purpose: what went wrong and when, and whom it was told: so that an alert is sent once, whoever watches.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

-- opened_at is the database's own, and by the clock: who waited for the lock began before who held it.
CREATE TABLE ledger.alert (
    alert_no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN (
                 'approval_withdrawn', 'balance_stale', 'books_late', 'books_refused', 'break_above_limit',
                 'hour_missing', 'hour_partial', 'quarantine', 'run_failed', 'seal_broken')),
    subject      text NOT NULL CHECK (subject <> ''),
    opened_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    notified_at  timestamptz,
    cleared_at   timestamptz,
    message      text NOT NULL CHECK (message <> ''),
    CONSTRAINT told_and_over_after_it_opened CHECK (least(notified_at, cleared_at) >= opened_at)
);
CREATE UNIQUE INDEX alert_open ON ledger.alert (kind, subject) WHERE cleared_at IS NULL;
COMMENT ON TABLE ledger.alert IS
    'What was found to be wrong, from when to when; open once at most for a kind and subject. Grain: problem, each '
    'time that it came up.';
COMMENT ON COLUMN ledger.alert.alert_no IS 'Number of the alert, rising; may have gaps.';
COMMENT ON COLUMN ledger.alert.kind IS 'What kind of problem it is, see docs/watch.md.';
COMMENT ON COLUMN ledger.alert.subject IS
    'What it is about: an hour, a run, an account, an account and date, an entity and date, a file, a seal.';
COMMENT ON COLUMN ledger.alert.opened_at IS 'When it was first found (UTC).';
COMMENT ON COLUMN ledger.alert.notified_at IS 'When it was last sent to anybody (UTC); null: not yet.';
COMMENT ON COLUMN ledger.alert.cleared_at IS 'When it was no longer found (UTC); null: it is open.';
COMMENT ON COLUMN ledger.alert.message IS 'The subject in words, without any amount, as it was first found.';

CREATE TABLE ledger.alert_notice (
    alert_no    bigint NOT NULL REFERENCES ledger.alert,
    connection  text NOT NULL CHECK (connection <> ''),
    claimed_at  timestamptz,
    told        text CHECK (told IN ('opened', 'cleared')),
    told_at     timestamptz,
    PRIMARY KEY (alert_no, connection),
    CONSTRAINT what_was_told_has_a_time CHECK ((told IS NULL) = (told_at IS NULL))
);
COMMENT ON TABLE ledger.alert_notice IS
    'What each receiver was told of an alert. Grain: alert × connection that was to be told while it was open.';
COMMENT ON COLUMN ledger.alert_notice.alert_no IS 'The alert.';
COMMENT ON COLUMN ledger.alert_notice.connection IS 'The connection (QBANK_ALERT_CONNECTIONS).';
COMMENT ON COLUMN ledger.alert_notice.claimed_at IS
    'When a watcher took it on to send something of it (UTC), so that no other does; one that is silent for ten '
    'minutes has lost it. Null: nobody is at it.';
COMMENT ON COLUMN ledger.alert_notice.told IS
    'opened: that it is there, or still is; cleared: that it is over. Null: nothing could be sent yet.';
COMMENT ON COLUMN ledger.alert_notice.told_at IS 'When that was sent (UTC).';

-- Of years of sign-offs a few were taken back.
CREATE INDEX sign_off_decertified ON recon.sign_off (account_id, as_of_date) WHERE state = 'decertified';

CREATE TABLE ledger.lock_watch ();
COMMENT ON TABLE ledger.lock_watch IS 'Held by who looks for alerts: see ledger.acquire_lock. Without rows.';

GRANT SELECT ON ledger.alert, ledger.alert_notice TO qbank_analyst;
GRANT INSERT (kind, subject, message), UPDATE (notified_at, cleared_at) ON ledger.alert TO qbank_loader;
GRANT INSERT (alert_no, connection), UPDATE (claimed_at, told, told_at) ON ledger.alert_notice TO qbank_loader;
