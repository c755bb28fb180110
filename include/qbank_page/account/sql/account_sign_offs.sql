-- Purpose: who signed an account's reconciliations, by which login, and what took that back.
-- Grain:   action, newest first.
-- Parameters: account_id; since, until: dates, both included.
SELECT s.as_of_date, s.version, s.state, s.actor, s.via, s.at, s.comment
  FROM recon.sign_off AS s
 WHERE s.account_id = :account_id AND s.as_of_date BETWEEN :since AND :until
 ORDER BY s.sign_off_no DESC
