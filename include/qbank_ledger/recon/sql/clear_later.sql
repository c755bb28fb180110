-- Purpose: clear the items of a list that a later one lacks, on the date of the first that does. Of what that one is
--          about, as insert_cleared.sql has it.
UPDATE incoming AS i
   SET cleared_date = c.list_date
  FROM (SELECT i.line_no, min(l.list_date) AS list_date
          FROM incoming AS i JOIN later AS l
            ON i.gl_account = coalesce(l.list_gl_account, i.gl_account)
           AND (i.entity = l.list_entity
                OR (l.list_entity IS NULL
                    AND EXISTS (SELECT FROM recon.item AS o WHERE o.load_no = l.load_no AND o.entity = i.entity)))
           AND (i.currency = l.list_currency
                OR (l.list_currency IS NULL
                    AND EXISTS (SELECT FROM recon.item AS o WHERE o.load_no = l.load_no AND o.currency = i.currency)))
         GROUP BY i.line_no) AS c
 WHERE c.line_no = i.line_no AND coalesce(i.cleared_date > c.list_date, true)
