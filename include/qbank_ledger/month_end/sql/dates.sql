-- Purpose: how far each date of the month is: compared, with what status, signed off.
-- Grain:   date from the month's first to the close date; the counts are of accounts.
-- Params:  first_date, close_date; active_at: an account that is active then counts on the close date; null: that
--          date is over.
WITH day AS MATERIALIZED (
    -- Once for each clock, not for each account.
    SELECT z.time_zone, z.cut_off, d.as_of_date::date AS as_of_date,
           greatest(ledger.day_end(z.time_zone, z.cut_off, d.as_of_date::date),
                    CASE WHEN d.as_of_date::date = :close_date THEN CAST(:active_at AS timestamptz) END) AS ends_at
      FROM (SELECT DISTINCT time_zone, cut_off FROM ledger.account) AS z
     CROSS JOIN generate_series(CAST(:first_date AS date)::timestamp, CAST(:close_date AS date),
                                interval '1 day') AS d (as_of_date)
), period AS MATERIALIZED (
    -- Before its first, an account is taken for what it is now.
    SELECT a.account_id, a.time_zone, a.cut_off, coalesce(p.opened_at, '-infinity') AS opened_at, p.closed_at
      FROM ledger.account AS a LEFT JOIN ledger.account_period AS p USING (account_id)
     WHERE p.account_id IS NOT NULL OR a.active
), expected AS (
    -- As ledger.active_at has it, of all at once.
    SELECT d.as_of_date, a.account_id
      FROM period AS a
      JOIN day AS d ON d.time_zone = a.time_zone AND d.cut_off IS NOT DISTINCT FROM a.cut_off
     WHERE a.opened_at < d.ends_at AND (a.closed_at IS NULL OR a.closed_at >= d.ends_at)
), newest AS (
    SELECT DISTINCT ON (as_of_date, account_id) account_id, as_of_date, status, provisional
      FROM recon.reconciliation
     WHERE as_of_date BETWEEN :first_date AND :close_date
     ORDER BY as_of_date, account_id, version DESC
), signed AS (
    -- Account by account: so they lie in the index.
    SELECT a.account_id, s.as_of_date, s.state
      FROM ledger.account AS a
     CROSS JOIN LATERAL (
           SELECT DISTINCT ON (s.as_of_date) s.as_of_date, s.state FROM recon.sign_off AS s
            WHERE s.account_id = a.account_id AND s.as_of_date BETWEEN :first_date AND :close_date
            ORDER BY s.as_of_date, s.sign_off_no DESC) AS s
), compared AS (
    -- As recon.sign_off_state has it, without who did it.
    SELECT n.account_id, n.as_of_date, n.status, n.provisional, coalesce(s.state, 'open') AS state
      FROM newest AS n LEFT JOIN signed AS s USING (account_id, as_of_date)
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
