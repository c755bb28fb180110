-- Purpose: the seals over an account's newest balances.
-- Grain:   seal, newest first.
-- Parameters: account_id; hours: how many of its newest hours with a balance.
SELECT s.seal_no, b.first_hour, b.last_hour, s.run_no, s.row_count, s.sealed_at, s.sha256, s.previous_sha256
  FROM (SELECT n.seal_no, min(n.as_of_hour) AS first_hour, max(n.as_of_hour) AS last_hour
          FROM (SELECT b.seal_no, b.as_of_hour FROM ledger.balance AS b
                 WHERE b.account_id = :account_id ORDER BY b.as_of_hour DESC LIMIT :hours) AS n
         GROUP BY n.seal_no) AS b
  JOIN ledger.seal AS s USING (seal_no)
 ORDER BY s.seal_no DESC
