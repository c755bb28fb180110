-- Purpose: the answers of a run that are held back: as they came, what held them, what could be read of them, the
--          account's last good balance before them, and what was released.
-- Grain:   account held back; those that are not released come first.
-- Parameters: run_no; rows: how many at most; skipped: how many are left out before them.
SELECT q.account_id, a.name, a.entity, a.time_zone, c.currency, q.payload, q.reasons, f.rules,
       q.available_balance::text AS available_balance, q.ledger_balance::text AS ledger_balance,
       q.echoed_account_id, q.echoed_currency, q.echoed_as_of, q.http_status, q.observed_at,
       date_trunc('hour', q.observed_at, 'UTC') AS as_of_hour,
       l.ledger_balance AS last_ledger_balance, l.available_balance AS last_available_balance,
       l.currency AS last_currency, ledger.minor_units(l.currency) AS last_minor_units,
       l.observed_at AS last_observed_at,
       x.released_at, x.released_by, x.via, x.reason AS release_reason, x.seal_no
  FROM sync.quarantine AS q
  JOIN ledger.account AS a ON a.account_id = q.account_id
  JOIN sync.run_account AS c ON (c.run_no, c.account_id) = (q.run_no, q.account_id)
  LEFT JOIN sync.release AS x ON (x.run_no, x.account_id) = (q.run_no, q.account_id)
 CROSS JOIN LATERAL (
       SELECT array_agg(f.rule ORDER BY f.rule) AS rules FROM sync.finding AS f
        WHERE f.run_no = q.run_no AND f.account_id = q.account_id AND f.severity = 'critical') AS f
  LEFT JOIN LATERAL (
       SELECT b.ledger_balance, b.available_balance, b.currency, b.observed_at FROM ledger.balance AS b
        WHERE b.account_id = q.account_id AND b.as_of_hour <= q.observed_at AND b.observed_at < q.observed_at
        ORDER BY b.as_of_hour DESC LIMIT 1) AS l ON true
 WHERE q.run_no = :run_no
 ORDER BY x.released_at IS NOT NULL, q.account_id
 LIMIT :rows OFFSET :skipped
