-- Purpose: a balance of zero for each active account that the load's file leaves out, of the entities, currencies and
--          dates that it is about; for a profile that says so (absent_means).
-- Params:  load_no.
INSERT INTO recon.gl_balance (load_no, entity, gl_account, currency, as_of_date, balance)
SELECT DISTINCT :load_no, f.entity, a.gl_account, f.currency, f.as_of_date, 0
  FROM (SELECT DISTINCT entity, currency, as_of_date FROM incoming) AS f
  JOIN ledger.account AS a ON (a.entity, a.currency) = (f.entity, f.currency) AND a.active
 WHERE NOT EXISTS (SELECT FROM incoming AS i
                    WHERE (i.entity, i.gl_account, i.currency, i.as_of_date)
                        = (f.entity, a.gl_account, f.currency, f.as_of_date))
