-- Purpose: every version of an account's hours: the one in force, and those that it replaced or were set aside.
-- Grain:   account × hour × version, newest first.
-- Parameters: account_id; since, until: instants, the second one not included.
SELECT v.as_of_hour, v.revision, v.ledger_balance, v.available_balance, v.currency,
       ledger.minor_units(v.currency) AS minor_units, v.observed_at, v.recorded_at, v.superseded_at, v.run_no,
       v.seal_no, lead(v.revision) OVER later AS next_revision, lead(v.run_no) OVER later AS next_run_no,
       x.set_aside_by, x.reason AS set_aside_reason, r.released_by, r.reason AS release_reason
  FROM (SELECT b.as_of_hour, b.revision, b.ledger_balance, b.available_balance, b.currency, b.observed_at,
               b.recorded_at, NULL::timestamptz AS superseded_at, b.run_no, b.seal_no
          FROM ledger.balance AS b
         WHERE b.account_id = :account_id AND b.as_of_hour >= :since AND b.as_of_hour < :until
        UNION ALL
        SELECT h.as_of_hour, h.revision, h.ledger_balance, h.available_balance, h.currency, h.observed_at,
               h.recorded_at, h.superseded_at, h.run_no, h.seal_no
          FROM ledger.balance_history AS h
         WHERE h.account_id = :account_id AND h.as_of_hour >= :since AND h.as_of_hour < :until) AS v
  LEFT JOIN ledger.balance_set_aside AS x
    ON (x.account_id, x.as_of_hour, x.seal_no) = (:account_id, v.as_of_hour, v.seal_no)
  LEFT JOIN sync.release AS r ON (r.run_no, r.account_id, r.seal_no) = (v.run_no, :account_id, v.seal_no)
WINDOW later AS (PARTITION BY v.as_of_hour ORDER BY v.recorded_at)
 ORDER BY v.as_of_hour DESC, v.recorded_at DESC
