-- Purpose: how many rows of loads are about a GL account that some account mirrors, and how many are not.
-- Grain:   load × entity.
-- Params:  load_nos: an array.
SELECT l.load_no, l.entity, count(*)::integer AS rows, (count(*) - count(a.entity))::integer AS unmatched
  FROM (SELECT load_no, entity, gl_account, currency FROM recon.gl_balance WHERE load_no = ANY (:load_nos)
        UNION ALL
        SELECT load_no, entity, gl_account, currency FROM recon.item WHERE load_no = ANY (:load_nos)) AS l
  LEFT JOIN (SELECT DISTINCT entity, gl_account, currency FROM ledger.account) AS a
         ON (a.entity, a.gl_account, a.currency) = (l.entity, l.gl_account, l.currency)
 GROUP BY l.load_no, l.entity
 ORDER BY l.load_no, l.entity
