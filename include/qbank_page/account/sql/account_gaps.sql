-- Purpose: when an account that was expected has no balance, and why: hours in a row that have the same reason.
-- Grain:   stretch of hours that are over, newest first.
-- Parameters: account_id; since, until: instants, the second one not included.
SELECT min(m.as_of_hour) AS first_hour, max(m.as_of_hour) AS last_hour, count(*) AS hours, m.reason,
       max(m.run_no) AS run_no
  FROM (SELECT h.as_of_hour, coalesce(g.reason, 'no run') AS reason, g.run_no,
               h.as_of_hour - row_number() OVER (PARTITION BY g.reason ORDER BY h.as_of_hour) * interval '1 hour'
               AS stretch
          FROM generate_series(CAST(:since AS timestamptz), CAST(:until AS timestamptz) - interval '1 microsecond',
                               interval '1 hour') AS h (as_of_hour)
         CROSS JOIN LATERAL ledger.active_at(:account_id, h.as_of_hour + interval '1 hour') AS t (active)
          LEFT JOIN (SELECT b.as_of_hour FROM ledger.balance AS b
                      WHERE b.account_id = :account_id AND b.as_of_hour >= :since AND b.as_of_hour < :until) AS b
            ON b.as_of_hour = h.as_of_hour
          LEFT JOIN (SELECT * FROM ledger.missing_hour_reason AS g
                      WHERE g.account_id = :account_id AND g.as_of_hour >= :since AND g.as_of_hour < :until) AS g
            ON g.as_of_hour = h.as_of_hour
         WHERE t.active AND b.as_of_hour IS NULL AND h.as_of_hour + interval '1 hour' <= now()) AS m
 GROUP BY m.reason, m.stretch
 ORDER BY first_hour DESC
