-- Purpose: an account whose tries ended because the bank asked for a longer wait than there was says so;
--          a run that could not close itself is closed by what it published.
-- Run as:  qbank_owner, in one transaction (see migrate.py). Changes no row.
ALTER TABLE sync.observation ADD COLUMN retry_after_s bigint CHECK (retry_after_s > 0);
COMMENT ON COLUMN sync.observation.retry_after_s IS 'The wait in seconds that the bank asked for (Retry-After), where it was too long to try again in this run; null: none.';

CREATE OR REPLACE VIEW sync.fate AS
SELECT a.run_no, a.account_id,
       CASE WHEN o.state = 'unfit' OR NOT v.fit THEN 'quarantined'
            WHEN o.state IS NULL OR o.state = 'failed' OR v.fit IS NULL THEN 'failed'
            WHEN r.dry_run THEN 'would_publish'
            WHEN p.published_at >= v.audited_at THEN 'published'
            ELSE 'failed' END AS outcome,
       CASE WHEN o.state IS NULL THEN ARRAY['not_attempted']
            WHEN o.state = 'failed' THEN ARRAY[o.reason]
            WHEN NOT v.fit THEN (SELECT array_agg(DISTINCT f.reason ORDER BY f.reason) FROM sync.finding AS f
                                  WHERE f.run_no = a.run_no AND f.account_id = a.account_id AND f.severity = 'critical')
            WHEN o.state = 'unfit' THEN ARRAY[o.reason]
            WHEN v.fit IS NULL THEN ARRAY['audit_error']
            WHEN r.dry_run OR p.published_at >= v.audited_at THEN ARRAY[]::text[]
            ELSE ARRAY['publish_error'] END AS reasons,
       o.http_status, coalesce(o.attempts, 0) AS attempts, o.observed_at, o.retry_after_s
  FROM sync.run AS r
  JOIN sync.run_account AS a USING (run_no)
  LEFT JOIN sync.observation AS o
    ON o.run_no = a.run_no AND o.account_id = a.account_id AND o.run_started_at = r.started_at
  LEFT JOIN sync.verdict AS v ON v.run_no = a.run_no AND v.account_id = a.account_id
  LEFT JOIN sync.publication AS p ON p.run_no = a.run_no;
COMMENT ON COLUMN sync.fate.retry_after_s IS 'The wait in seconds that the bank asked for, where it was too long.';

CREATE OR REPLACE VIEW sync.outcome AS
SELECT f.run_no, f.account_id,
       CASE WHEN r.state <> 'running' THEN f.outcome END AS outcome,
       CASE WHEN r.state <> 'running' THEN f.reasons END AS reasons,
       f.http_status, f.attempts, f.observed_at, f.retry_after_s
  FROM sync.fate AS f JOIN sync.run AS r USING (run_no);
COMMENT ON COLUMN sync.outcome.retry_after_s IS 'The wait in seconds that the bank asked for (Retry-After), where it was too long to try again in this run; null: none.';

-- ── A run is closed by what it published ────────────────────────────────────────────────────────

COMMENT ON COLUMN sync.run.state IS 'running; complete: every account published; partial: some; failed: none; dry_run: nothing was to be published.';
COMMENT ON COLUMN sync.run.deadline_at IS 'When a run that is still open counts as lost: the next plan closes it by what it published (UTC).';
