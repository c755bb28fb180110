-- Purpose: the month as the ledger sees it now: how far it is, whether there is anything of it, the newest seal.
-- Grain:   one row. close_date is the month's last date, or today (UTC) in a month that has not ended.
-- Params:  first_date, last_date: of the month; since, until: its hours (UTC).
SELECT now() AS made_at, current_database() AS database,
       least(CAST(:last_date AS date), (now() AT TIME ZONE 'UTC')::date) AS close_date,
       now() < CAST(:since AS timestamptz) AS is_future,
       now() < greatest(CAST(:until AS timestamptz),
                        (SELECT max(ledger.closes_at(a.time_zone, a.cut_off, a.closing_grace_minutes,
                                                     CAST(:last_date AS date)))
                           FROM ledger.account AS a WHERE a.active)) AS provisional,
       EXISTS (SELECT FROM ledger.balance AS b WHERE b.as_of_hour >= :since AND b.as_of_hour < :until)
       OR EXISTS (SELECT FROM recon.reconciliation AS r
                   WHERE r.as_of_date BETWEEN :first_date AND :last_date) AS has_data,
       (SELECT count(*) FROM recon.unmapped_gl AS u
         WHERE u.as_of_date = least(CAST(:last_date AS date), (now() AT TIME ZONE 'UTC')::date)) AS unmapped_gl,
       s.seal_no, s.sealed_at, s.row_count, s.sha256
  FROM (SELECT) AS one
  LEFT JOIN LATERAL (SELECT * FROM ledger.seal AS s ORDER BY s.seal_no DESC LIMIT 1) AS s ON true
