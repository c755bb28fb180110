-- Purpose: who did what to the reconciliation of an account's date, and what took it back, the newest first.
-- Grain:   action.
-- Parameters: account_id, as_of_date.
SELECT s.state, s.version, s.actor, s.via, s.at, s.comment FROM recon.sign_off AS s
 WHERE s.account_id = :account_id AND s.as_of_date = :as_of_date
 ORDER BY s.sign_off_no DESC
