-- Purpose: how far each date of the month is: compared, with what status, signed off.
-- Grain:   date from the month's first to the close date; the counts are of accounts.
-- Params:  first_date, close_date; active_at: an account that is active then counts on the close date; null: that
--          date is over.
WITH expected AS (
    SELECT d.as_of_date::date AS as_of_date, a.account_id
      FROM generate_series(CAST(:first_date AS date)::timestamp, CAST(:close_date AS date),
                           interval '1 day') AS d (as_of_date)
     CROSS JOIN ledger.account AS a
     CROSS JOIN LATERAL ledger.active_at(a.account_id, greatest(
               ledger.day_end(a.time_zone, a.cut_off, d.as_of_date::date),
               CASE WHEN d.as_of_date::date = :close_date THEN CAST(:active_at AS timestamptz) END)) AS t (active)
     WHERE t.active
), compared AS (
    SELECT account_id, as_of_date, status, provisional, state FROM recon.sign_off_state
     WHERE as_of_date BETWEEN :first_date AND :close_date
)
SELECT as_of_date, count(*) AS accounts, count(status) AS compared, count(*) - count(status) AS not_compared,
       count(*) FILTER (WHERE status = 'matched') AS matched,
       count(*) FILTER (WHERE status = 'within_tolerance') AS within_tolerance,
       count(*) FILTER (WHERE status = 'break') AS breaks,
       count(*) FILTER (WHERE status = 'missing_bank') AS missing_bank,
       count(*) FILTER (WHERE status = 'missing_gl') AS missing_gl,
       count(*) FILTER (WHERE status = 'stale_bank') AS stale_bank,
       count(*) FILTER (WHERE provisional) AS provisional,
       count(*) FILTER (WHERE state = 'open') AS open,
       count(*) FILTER (WHERE state = 'prepared') AS prepared,
       count(*) FILTER (WHERE state = 'approved') AS approved,
       count(*) FILTER (WHERE state = 'rejected') AS rejected,
       count(*) FILTER (WHERE state = 'decertified') AS decertified
  FROM expected FULL JOIN compared USING (account_id, as_of_date)
 GROUP BY as_of_date
 ORDER BY as_of_date
