-- Purpose: the closing at the bank of each account that was compared as one, as the ledger has it now.
-- Grain:   member; null: no closing.
-- Parameters: account_ids, as_of_date.
SELECT a.account_id, a.name, a.time_zone, a.minor_units, c.currency, c.ledger_balance, c.observed_at, c.run_no,
       c.as_of_hour, c.revision, c.seal_no
  FROM ledger.account AS a
  LEFT JOIN LATERAL ledger.closing(a.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes,
                                   CAST(:as_of_date AS date)) AS c ON true
 WHERE a.account_id = ANY (CAST(:account_ids AS text[]))
 ORDER BY a.account_id
