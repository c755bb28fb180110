-- Purpose: what was published in the month, by the instant of its publish, and the chain's hashes.
-- Grain:   seal × currency of its control totals.
-- Params:  since, until: the month's hours (UTC).
SELECT s.seal_no, s.sealed_at, s.run_no, s.row_count, t.currency, coalesce(u.minor_units, 0) AS minor_units,
       (t.total ->> 'available')::numeric AS available, (t.total ->> 'ledger')::numeric AS ledger,
       s.sha256, s.previous_sha256, s.rows_sha256
  FROM ledger.seal AS s
 CROSS JOIN LATERAL jsonb_each(s.control_totals) AS t (currency, total)
  LEFT JOIN (SELECT currency, max(minor_units) AS minor_units FROM ledger.account GROUP BY currency) AS u
    ON u.currency = t.currency
 WHERE s.sealed_at >= :since AND s.sealed_at < :until
 ORDER BY s.seal_no, t.currency
