-- Purpose: what the hour of an answer that was released has now.
-- Grain:   the release.
-- Parameters: run_no; account_id.
SELECT b.as_of_hour, b.run_no
  FROM sync.release AS x
  JOIN ledger.balance AS b
    ON (b.account_id, b.as_of_hour) = (x.account_id, date_trunc('hour', x.observed_at, 'UTC'))
 WHERE x.run_no = :run_no AND x.account_id = :account_id
