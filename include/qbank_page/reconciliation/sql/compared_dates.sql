-- Purpose: the newest dates that were compared, and how far each is: what was found, what is signed off.
-- Grain:   date, the newest first; the counts are of accounts.
-- Parameters: most, how many dates; until, the newest date to show (null: any).
WITH RECURSIVE found AS (
    -- From date to date along the index: there are thousands of rows of each.
    (SELECT r.as_of_date, 1 AS n FROM recon.reconciliation AS r
      WHERE r.as_of_date <= coalesce(CAST(:until AS date), 'infinity') ORDER BY r.as_of_date DESC LIMIT 1)
    UNION ALL
    SELECT r.as_of_date, d.n + 1
      FROM found AS d
     CROSS JOIN LATERAL (SELECT r.as_of_date FROM recon.reconciliation AS r WHERE r.as_of_date < d.as_of_date
                          ORDER BY r.as_of_date DESC LIMIT 1) AS r
     WHERE d.n < :most
), newest AS (
    SELECT r.*
      FROM found AS d
     CROSS JOIN LATERAL (
           SELECT DISTINCT ON (r.account_id) r.as_of_date, r.account_id, r.status, r.provisional
             FROM recon.reconciliation AS r WHERE r.as_of_date = d.as_of_date
            ORDER BY r.account_id, r.version DESC) AS r
), signed AS MATERIALIZED (
    -- Account by account: so they lie in the index. Once, not once a date.
    SELECT a.account_id, s.as_of_date, s.state
      FROM ledger.account AS a
     CROSS JOIN (SELECT min(as_of_date) AS first_date, max(as_of_date) AS last_date FROM found) AS d
     CROSS JOIN LATERAL (
           SELECT DISTINCT ON (s.as_of_date) s.as_of_date, s.state FROM recon.sign_off AS s
            WHERE s.account_id = a.account_id AND s.as_of_date BETWEEN d.first_date AND d.last_date
            ORDER BY s.as_of_date, s.sign_off_no DESC) AS s
)
SELECT n.as_of_date, count(*) AS accounts, count(*) FILTER (WHERE n.status = 'matched') AS matched,
       count(*) FILTER (WHERE n.status = 'within_tolerance') AS within_tolerance,
       count(*) FILTER (WHERE n.status = 'break') AS breaks,
       count(*) FILTER (WHERE n.status IN ('missing_bank', 'missing_gl', 'stale_bank')) AS lacking,
       count(*) FILTER (WHERE n.provisional) AS provisional,
       count(*) FILTER (WHERE s.state IS NULL) AS open,
       count(*) FILTER (WHERE s.state = 'prepared') AS prepared,
       count(*) FILTER (WHERE s.state = 'approved') AS approved,
       count(*) FILTER (WHERE s.state IN ('rejected', 'decertified')) AS sent_back
  FROM newest AS n LEFT JOIN signed AS s USING (account_id, as_of_date)
 GROUP BY n.as_of_date
 ORDER BY n.as_of_date DESC
