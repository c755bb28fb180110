-- Purpose: preparations and approvals of active accounts that were taken back, and nobody has acted since.
-- Grain:   account × date.
SELECT s.account_id, a.name, s.as_of_date
  FROM recon.sign_off AS s JOIN ledger.account AS a USING (account_id)
 WHERE s.state = 'decertified' AND a.active
   AND NOT EXISTS (SELECT FROM recon.sign_off AS l
                    WHERE l.account_id = s.account_id AND l.as_of_date = s.as_of_date
                      AND l.sign_off_no > s.sign_off_no)
 ORDER BY s.as_of_date DESC, s.account_id
