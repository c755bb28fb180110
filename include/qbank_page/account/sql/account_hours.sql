-- Purpose: an account's balances hour by hour, and why an hour has none.
-- Grain:   hour, without gaps, newest first.
-- Parameters: account_id; since, until: instants, the second one not included.
SELECT h.as_of_hour, b.currency, ledger.minor_units(b.currency) AS minor_units, b.ledger_balance,
       b.available_balance, b.observed_at, b.revision,
       CASE WHEN b.as_of_hour IS NOT NULL THEN NULL
            WHEN NOT t.active THEN 'inactive'
            ELSE coalesce(g.reason, CASE WHEN h.as_of_hour + interval '1 hour' > now() THEN 'not over yet' END,
                          'no run') END AS reason
  FROM generate_series(CAST(:since AS timestamptz), CAST(:until AS timestamptz) - interval '1 microsecond',
                       interval '1 hour') AS h (as_of_hour)
 CROSS JOIN LATERAL ledger.active_at(:account_id, h.as_of_hour + interval '1 hour') AS t (active)
  LEFT JOIN (SELECT * FROM ledger.balance AS b
              WHERE b.account_id = :account_id AND b.as_of_hour >= :since AND b.as_of_hour < :until
                AND NOT ledger.is_ahead(b.observed_at)) AS b ON b.as_of_hour = h.as_of_hour
  LEFT JOIN (SELECT * FROM ledger.missing_hour_reason AS g
              WHERE g.account_id = :account_id AND g.as_of_hour >= :since AND g.as_of_hour < :until) AS g
    ON g.as_of_hour = h.as_of_hour
 ORDER BY h.as_of_hour DESC
