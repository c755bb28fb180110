-- Purpose: the first rows of a load that are dated before any account of their GL account had begun: kept, and
--          compared with nothing.
-- Grain:   row of the file.
-- Params:  load_no; most: how many. rows: how many there are in all.
SELECT g.line_no, g.entity, g.gl_account, g.currency, g.as_of_date, t.begins_on, (count(*) OVER ())::integer AS rows
  FROM recon.gl_balance AS g
  JOIN (SELECT a.entity, a.gl_account, a.currency, min(t.begins_on) AS begins_on
          FROM ledger.account AS a JOIN recon.account_time AS t USING (account_id)
         WHERE a.active
         GROUP BY a.entity, a.gl_account, a.currency) AS t USING (entity, gl_account, currency)
 WHERE g.load_no = :load_no AND g.as_of_date < t.begins_on
 ORDER BY g.line_no
 LIMIT :most
