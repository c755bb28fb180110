-- Purpose: the first seal of a range that its rows do not fit, or whose number only rows have.
-- Params:  first, last: seal numbers, inclusive.
-- Grain:   one row at most. sealed is null: no seal has this number; found is null: no row has it.
WITH version AS MATERIALIZED (
    SELECT v.seal_no, v.account_id, v.as_of_hour, v.currency, v.available_balance, v.ledger_balance,
           ledger.row_sha256(v.account_id, v.as_of_hour, v.available_balance, v.ledger_balance, v.currency,
                             v.observed_at, v.run_no, v.seal_no, v.revision, v.recorded_at) AS hash
      FROM (SELECT account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at,
                   run_no, seal_no, revision, recorded_at FROM ledger.balance
            UNION ALL
            SELECT account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at,
                   run_no, seal_no, revision, recorded_at FROM ledger.balance_history) AS v
     WHERE v.seal_no BETWEEN :first AND :last
), hashed AS (
    SELECT seal_no, count(*) AS found,
           encode(sha256(string_agg(hash, ''::bytea ORDER BY account_id COLLATE "C", as_of_hour)), 'hex') AS rows_sha256
      FROM version GROUP BY seal_no
), totals AS (
    SELECT seal_no, jsonb_object_agg(currency, total) AS control_totals
      FROM (SELECT seal_no, currency, jsonb_build_object(
                       'available', trim_scale(sum(available_balance))::text,
                       'ledger', trim_scale(sum(ledger_balance))::text) AS total
              FROM version GROUP BY seal_no, currency) AS per_currency
     GROUP BY seal_no
)
SELECT seal_no, s.row_count AS sealed, h.found
  FROM (SELECT seal_no, row_count, rows_sha256, control_totals FROM ledger.seal
         WHERE seal_no BETWEEN :first AND :last) AS s
  FULL JOIN (hashed AS h JOIN totals AS t USING (seal_no)) USING (seal_no)
 WHERE h.rows_sha256 IS DISTINCT FROM s.rows_sha256 OR t.control_totals IS DISTINCT FROM s.control_totals
 ORDER BY seal_no LIMIT 1
