-- Purpose: the first row, in key order, that carries a seal number.
-- Params:  seal_no.
-- Grain:   one row.
SELECT account_id, as_of_hour
  FROM (SELECT account_id, as_of_hour, seal_no FROM ledger.balance
        UNION ALL
        SELECT account_id, as_of_hour, seal_no FROM ledger.balance_history) AS v
 WHERE seal_no = :seal_no
 ORDER BY account_id COLLATE "C", as_of_hour LIMIT 1
