-- Purpose: the first rows of a load that are about a GL account that no account mirrors.
-- Grain:   row of the file.
-- Params:  load_no; entity: of this one alone, null: of any; most: how many.
SELECT l.line_no, l.entity, l.gl_account, l.currency
  FROM (SELECT line_no, entity, gl_account, currency FROM recon.gl_balance WHERE load_no = :load_no
        UNION ALL
        SELECT line_no, entity, gl_account, currency FROM recon.item WHERE load_no = :load_no) AS l
 WHERE l.entity = coalesce(CAST(:entity AS text), l.entity)
   AND NOT EXISTS (SELECT FROM ledger.account AS a
                    WHERE (a.entity, a.gl_account, a.currency) = (l.entity, l.gl_account, l.currency))
 ORDER BY l.line_no
 LIMIT :most
