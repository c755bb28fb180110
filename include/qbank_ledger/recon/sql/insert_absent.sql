-- Purpose: a balance of zero for each account that the load's file leaves out and that was active as the date ended, of
--          the entities, currencies and dates that it is about; for a profile that says so (absent_means).
-- Params:  load_no.
INSERT INTO recon.gl_balance (load_no, entity, gl_account, currency, as_of_date, balance)
SELECT DISTINCT :load_no, f.entity, a.gl_account, f.currency, f.as_of_date, 0
  FROM (SELECT DISTINCT entity, currency, as_of_date FROM incoming) AS f
  JOIN ledger.account AS a ON (a.entity, a.currency) = (f.entity, f.currency)
 CROSS JOIN LATERAL ledger.was_active(
       a.account_id, ledger.day_end(a.time_zone, a.cut_off, f.as_of_date), a.active) AS w (active)
 WHERE w.active
   AND NOT EXISTS (SELECT FROM incoming AS i
                    WHERE (i.entity, i.gl_account, i.currency, i.as_of_date)
                        = (f.entity, a.gl_account, f.currency, f.as_of_date))
