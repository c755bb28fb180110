-- Purpose: the dates of a file that are ahead of today, by the clock of the account that they are about; where there
--          is none, by the clocks that are furthest ahead.
-- Grain:   date of a row of the table incoming, the first 1,000.
WITH dated AS (
    SELECT i.line_no, i.entity, i.gl_account, i.currency, d.name, d.date
      FROM incoming AS i
     CROSS JOIN LATERAL (VALUES ('as_of_date', as_of_date), ('item_date', item_date), ('cleared_date', cleared_date))
             AS d (name, date)
     -- Nowhere is it earlier: most rows are done with.
     WHERE d.date > (now() AT TIME ZONE 'Etc/GMT+12')::date
)
SELECT d.line_no, d.name, d.date, coalesce(t.today, (now() AT TIME ZONE 'Etc/GMT-14')::date) AS today
  FROM dated AS d
  LEFT JOIN (SELECT a.entity, a.gl_account, a.currency, max(t.today) AS today
               FROM ledger.account AS a JOIN recon.account_time AS t USING (account_id)
              WHERE EXISTS (SELECT FROM dated)
              GROUP BY a.entity, a.gl_account, a.currency) AS t USING (entity, gl_account, currency)
 WHERE d.date > coalesce(t.today, (now() AT TIME ZONE 'Etc/GMT-14')::date)
 ORDER BY d.line_no
 LIMIT 1000
