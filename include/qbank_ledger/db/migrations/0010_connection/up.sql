-- Purpose: by which QBank connection each batch of a run is asked for: accounts may have one of their own.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

ALTER TABLE sync.batch
    ADD COLUMN connection text CHECK (connection <> ''),
    ALTER COLUMN fetch_started_at DROP NOT NULL;
COMMENT ON TABLE sync.batch IS
    'What a fetch task asks by, and when it first began: its retries share one budget. Grain: run × batch.';
COMMENT ON COLUMN sync.batch.connection IS
    'Airflow''s id of the QBank connection by which it asks; null: planned before this was kept.';
COMMENT ON COLUMN sync.batch.fetch_started_at IS
    'Start of its first try since the run was last opened (UTC); null: it has not begun.';
