-- Purpose: how many figures of a load count no longer, since a later file has another in their place.
-- Params:  load_no, of balances or rates; of items none is counted.
SELECT (SELECT count(*) FROM recon.gl_balance AS g
         CROSS JOIN LATERAL (
               SELECT n.balance FROM recon.gl_balance AS n
                WHERE (n.as_of_date, n.entity, n.gl_account, n.currency)
                    = (g.as_of_date, g.entity, g.gl_account, g.currency)
                ORDER BY n.load_no DESC LIMIT 1) AS newest
         WHERE g.load_no = :load_no AND newest.balance <> g.balance)
     + (SELECT count(*) FROM ledger.fx_rate AS r
         CROSS JOIN LATERAL (
               SELECT n.rate FROM ledger.fx_rate AS n
                WHERE (n.from_currency, n.to_currency, n.as_of_date) = (r.from_currency, r.to_currency, r.as_of_date)
                ORDER BY n.load_no DESC LIMIT 1) AS newest
         WHERE r.load_no = :load_no AND newest.rate <> r.rate)
