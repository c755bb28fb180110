-- Purpose: a balance of zero for each account that the load's file leaves out and that was active as the date ended, of
--          the entities, currencies and dates that it is about; for a profile that says so (absent_means).
-- Params:  load_no.
INSERT INTO recon.gl_balance (load_no, entity, gl_account, currency, as_of_date, balance)
SELECT DISTINCT :load_no, f.entity, a.gl_account, f.currency, f.as_of_date, 0
  FROM (SELECT DISTINCT entity, currency, as_of_date FROM incoming) AS f
  JOIN ledger.account AS a ON (a.entity, a.currency) = (f.entity, f.currency)
 CROSS JOIN LATERAL (SELECT ledger.day_end(a.time_zone, a.cut_off, f.as_of_date)) AS e (ends_at)
 -- Before its first period, an account is taken for what it is now, as compare.sql has it.
 WHERE coalesce((SELECT bool_or(coalesce(p.closed_at >= e.ends_at, true)) FROM ledger.account_period AS p
                  WHERE p.account_id = a.account_id AND p.opened_at < e.ends_at), a.active)
   AND NOT EXISTS (SELECT FROM incoming AS i
                    WHERE (i.entity, i.gl_account, i.currency, i.as_of_date)
                        = (f.entity, a.gl_account, f.currency, f.as_of_date))
