-- Purpose: the newest dates that were compared, and how far each is: what was found, what is signed off.
-- Grain:   date, the newest first; the counts are of accounts.
-- Parameters: most, how many dates; until, the newest date to show (null: any).
WITH RECURSIVE newest AS (
    -- From date to date along the index: there are thousands of rows of each.
    (SELECT r.as_of_date, 1 AS n FROM recon.reconciliation AS r
      WHERE r.as_of_date <= coalesce(CAST(:until AS date), 'infinity') ORDER BY r.as_of_date DESC LIMIT 1)
    UNION ALL
    SELECT r.as_of_date, d.n + 1
      FROM newest AS d
     CROSS JOIN LATERAL (SELECT r.as_of_date FROM recon.reconciliation AS r WHERE r.as_of_date < d.as_of_date
                          ORDER BY r.as_of_date DESC LIMIT 1) AS r
     WHERE d.n < :most
)
SELECT d.as_of_date, s.*
  FROM newest AS d
 CROSS JOIN LATERAL (
       SELECT count(*) AS accounts, count(*) FILTER (WHERE s.status = 'matched') AS matched,
              count(*) FILTER (WHERE s.status = 'within_tolerance') AS within_tolerance,
              count(*) FILTER (WHERE s.status = 'break') AS breaks,
              count(*) FILTER (WHERE s.status IN ('missing_bank', 'missing_gl', 'stale_bank')) AS lacking,
              count(*) FILTER (WHERE s.provisional) AS provisional,
              count(*) FILTER (WHERE s.state = 'open') AS open,
              count(*) FILTER (WHERE s.state = 'prepared') AS prepared,
              count(*) FILTER (WHERE s.state = 'approved') AS approved,
              count(*) FILTER (WHERE s.state IN ('rejected', 'decertified')) AS sent_back
         FROM recon.sign_off_state AS s WHERE s.as_of_date = d.as_of_date) AS s
 ORDER BY d.as_of_date DESC
