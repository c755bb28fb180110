-- Purpose: what became of each account of a run, what the audit looks at, what lies in quarantine.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE VIEW sync.current_outcome AS
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
  LEFT JOIN sync.observation AS o ON o.run_no = a.run_no AND o.account_id = a.account_id
  LEFT JOIN sync.verdict AS v ON v.run_no = a.run_no AND v.account_id = a.account_id
  LEFT JOIN sync.publication AS p ON p.run_no = a.run_no;
COMMENT ON VIEW sync.current_outcome IS
    'What has become of each account so far, also while the run is open; sync.outcome is what others read. Grain: '
    'run × account.';
COMMENT ON COLUMN sync.current_outcome.run_no IS 'The run.';
COMMENT ON COLUMN sync.current_outcome.account_id IS 'The account.';
COMMENT ON COLUMN sync.current_outcome.outcome IS 'published, would_publish, quarantined or failed, as things stand.';
COMMENT ON COLUMN sync.current_outcome.reasons IS 'Reason codes; empty when published.';
COMMENT ON COLUMN sync.current_outcome.http_status IS 'HTTP status of the last answer.';
COMMENT ON COLUMN sync.current_outcome.attempts IS 'Requests made.';
COMMENT ON COLUMN sync.current_outcome.observed_at IS 'When the answer or the final failure arrived (UTC).';
COMMENT ON COLUMN sync.current_outcome.retry_after_s IS
    'The wait in seconds that the bank asked for, where it was too long.';

CREATE VIEW sync.outcome AS
SELECT f.run_no, f.account_id,
       CASE WHEN r.state <> 'running' THEN f.outcome END AS outcome,
       CASE WHEN r.state <> 'running' THEN f.reasons END AS reasons,
       f.http_status, f.attempts, f.observed_at, f.retry_after_s
  FROM sync.current_outcome AS f JOIN sync.run AS r USING (run_no);
COMMENT ON VIEW sync.outcome IS 'The one outcome of every account of every run. Grain: run × account.';
COMMENT ON COLUMN sync.outcome.run_no IS 'The run.';
COMMENT ON COLUMN sync.outcome.account_id IS 'The account.';
COMMENT ON COLUMN sync.outcome.outcome IS
    'published (also when a later observation was already there), quarantined, failed; in a dry run would_publish '
    'for published. Null while the run is open. As it was at the run''s end: a later release from quarantine does '
    'not change it, see sync.release.';
COMMENT ON COLUMN sync.outcome.reasons IS 'Reason codes; empty when published, null while the run is open.';
COMMENT ON COLUMN sync.outcome.http_status IS 'HTTP status of the last answer; null: none came.';
COMMENT ON COLUMN sync.outcome.attempts IS 'Requests made for the account.';
COMMENT ON COLUMN sync.outcome.observed_at IS 'When the answer or the final failure arrived (UTC).';
COMMENT ON COLUMN sync.outcome.retry_after_s IS
    'The wait in seconds that the bank asked for (Retry-After), where it was too long to try again in this run; '
    'null: none.';

CREATE VIEW sync.quarantine AS
SELECT o.run_no, o.account_id, b.payload, f.reasons, o.available_balance, o.ledger_balance,
       o.echoed_account_id, o.echoed_currency, o.echoed_as_of, o.http_status, o.observed_at, x.released_at
  FROM sync.observation AS o
  JOIN sync.current_outcome AS f USING (run_no, account_id)
  LEFT JOIN sync.payload AS b USING (run_no, account_id)
  LEFT JOIN sync.release AS x USING (run_no, account_id)
 WHERE f.outcome = 'quarantined';
COMMENT ON VIEW sync.quarantine IS 'Answers that came and are not fit to publish. Grain: run × account held back.';
COMMENT ON COLUMN sync.quarantine.run_no IS 'The run.';
COMMENT ON COLUMN sync.quarantine.account_id IS 'The account.';
COMMENT ON COLUMN sync.quarantine.payload IS
    'The body as received; bytes that are not UTF-8 appear as \xNN. Null once it is past its retention.';
COMMENT ON COLUMN sync.quarantine.reasons IS 'Why it is held back.';
COMMENT ON COLUMN sync.quarantine.available_balance IS 'What could be read of it.';
COMMENT ON COLUMN sync.quarantine.ledger_balance IS 'What could be read of it.';
COMMENT ON COLUMN sync.quarantine.echoed_account_id IS 'The account id that the answer names.';
COMMENT ON COLUMN sync.quarantine.echoed_currency IS 'The currency that the answer names.';
COMMENT ON COLUMN sync.quarantine.echoed_as_of IS 'The bank''s own timestamp, as written.';
COMMENT ON COLUMN sync.quarantine.http_status IS 'HTTP status of the answer.';
COMMENT ON COLUMN sync.quarantine.observed_at IS 'When it arrived (UTC).';
COMMENT ON COLUMN sync.quarantine.released_at IS
    'When an operator released it (UTC), see sync.release; null: still held.';

-- Unfit answers and answers side by side, as the audit's rules see them.
CREATE VIEW sync.audit_subject AS
SELECT o.run_no, o.account_id, o.state, o.reason, o.available_balance, o.ledger_balance,
       o.echoed_account_id, o.echoed_currency, o.echoed_as_of, o.bank_as_of, o.observed_at,
       a.currency, a.minor_units, a.max_age_minutes, a.minimum_balance, r.started_at
  FROM sync.run AS r
  JOIN sync.observation AS o ON o.run_no = r.run_no
  JOIN sync.run_account AS a ON a.run_no = o.run_no AND a.account_id = o.account_id
 WHERE o.state <> 'failed';
COMMENT ON VIEW sync.audit_subject IS
    'The answers of a run beside what its accounts file said: what each rule of the audit looks at. Grain: run × '
    'answer.';
COMMENT ON COLUMN sync.audit_subject.run_no IS 'The run.';
COMMENT ON COLUMN sync.audit_subject.account_id IS 'The account.';
COMMENT ON COLUMN sync.audit_subject.state IS 'answered or unfit.';
COMMENT ON COLUMN sync.audit_subject.reason IS 'Why an unfit answer can''t be read.';
COMMENT ON COLUMN sync.audit_subject.available_balance IS 'As the bank gave it.';
COMMENT ON COLUMN sync.audit_subject.ledger_balance IS 'As the bank gave it.';
COMMENT ON COLUMN sync.audit_subject.echoed_account_id IS 'The account id that the answer names.';
COMMENT ON COLUMN sync.audit_subject.echoed_currency IS 'The currency that the answer names.';
COMMENT ON COLUMN sync.audit_subject.echoed_as_of IS 'The bank''s own timestamp, as written.';
COMMENT ON COLUMN sync.audit_subject.bank_as_of IS 'That timestamp (UTC), where it can be read.';
COMMENT ON COLUMN sync.audit_subject.observed_at IS 'When the answer arrived (UTC).';
COMMENT ON COLUMN sync.audit_subject.currency IS 'The account''s currency.';
COMMENT ON COLUMN sync.audit_subject.minor_units IS 'Decimals of that currency.';
COMMENT ON COLUMN sync.audit_subject.max_age_minutes IS 'Oldest bank timestamp that is accepted, in minutes.';
COMMENT ON COLUMN sync.audit_subject.minimum_balance IS 'Ledger balance below which the audit warns.';
COMMENT ON COLUMN sync.audit_subject.started_at IS 'When the run began (UTC).';

CREATE FUNCTION sync.significant_digits(amount numeric) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT length(btrim(translate(amount::text, '.-', ''), '0'));
END;
COMMENT ON FUNCTION sync.significant_digits(numeric) IS
    'The digits of an amount without the zeros before and after them: 6 of 1234.56 and of 1234560000, 0 of 0. Few '
    'are no evidence: round sums, small change.';
