-- Purpose: who did what to the reconciliations of the month's dates, and what took it back.
-- Grain:   action, whenever it was taken.
-- Params:  first_date, close_date.
SELECT s.as_of_date, a.entity, s.account_id, a.name, s.state, s.version, s.actor, s.via, s.at, s.comment
  FROM recon.sign_off AS s JOIN ledger.account AS a USING (account_id)
 WHERE s.as_of_date BETWEEN :first_date AND :close_date
 ORDER BY s.as_of_date, a.entity, s.account_id, s.sign_off_no
