-- Purpose: an audit that reads a run's answers in one pass (docs/adr/0029): what its rules look up of an answer is a
--          column of what they see, and a verdict is written without a look at its run.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

-- Four fifths of the time that it takes to write a verdict, of which each run has one for each account.
ALTER TABLE sync.verdict DROP CONSTRAINT verdict_run_no_fkey;

CREATE OR REPLACE VIEW sync.audit_subject AS
SELECT o.run_no, o.account_id, o.state, o.reason, o.available_balance, o.ledger_balance,
       o.echoed_account_id, o.echoed_currency, o.echoed_as_of, o.bank_as_of, o.observed_at,
       a.currency, a.minor_units, a.max_age_minutes, a.minimum_balance, r.started_at,
       l.account_id IS NOT NULL AS is_lookalike,
       (SELECT b.ledger_balance FROM ledger.balance AS b
         WHERE b.account_id = o.account_id
           AND b.as_of_hour >= date_trunc('hour', o.observed_at, 'UTC') - interval '168 hours'
           AND b.as_of_hour < date_trunc('hour', o.observed_at, 'UTC')
         ORDER BY b.as_of_hour DESC LIMIT 1) AS last_balance
  FROM sync.run AS r
  JOIN sync.observation AS o ON o.run_no = r.run_no
  JOIN sync.run_account AS a ON a.run_no = o.run_no AND a.account_id = o.account_id
  LEFT JOIN sync.lookalike AS l ON l.run_no = o.run_no AND l.account_id = o.account_id
 WHERE o.state <> 'failed';
COMMENT ON COLUMN sync.audit_subject.is_lookalike IS
    'Whether its two balances are another account''s: see sync.lookalike.';
COMMENT ON COLUMN sync.audit_subject.last_balance IS
    'The account''s newest ledger balance of an hour before that of the answer, a week back at most; null: none.';
