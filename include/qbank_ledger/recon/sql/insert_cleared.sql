-- Purpose: each item that an earlier file of the profile had open and the load's file lacks, as cleared on the file's
--          date; for a profile that says so (absent_means). Of the entities and currencies that the file is about, and
--          not what a list of a later date (the table later) has.
-- Params:  load_no, profile; as_of_date: the file's; entity, gl_account, currency: of all its rows, null: of each its
--          own.
INSERT INTO recon.item (load_no, entity, gl_account, currency, item_date, cleared_date, side, kind, amount, reference)
SELECT :load_no, c.entity, c.gl_account, c.currency, c.item_date, CAST(:as_of_date AS date), c.side, c.kind, c.amount,
       c.reference
  FROM recon.current_item AS c
  JOIN recon.file_load AS f ON f.load_no = c.load_no AND f.kind = 'items' AND f.profile = :profile
 WHERE c.item_date <= CAST(:as_of_date AS date)
   AND (c.cleared_date IS NULL OR c.cleared_date > CAST(:as_of_date AS date))
   AND c.amount <> 0
   AND c.load_no <> :load_no
   AND NOT EXISTS (SELECT FROM recon.item AS o JOIN later AS l USING (load_no)
                    WHERE (o.entity, o.gl_account, o.currency, o.side, o.kind, o.item_date, o.reference)
                        = (c.entity, c.gl_account, c.currency, c.side, c.kind, c.item_date, c.reference)
                      AND o.line_no IS NOT NULL)
   AND c.gl_account = coalesce(CAST(:gl_account AS text), c.gl_account)
   AND (c.entity = CAST(:entity AS text)
        OR (CAST(:entity AS text) IS NULL AND c.entity IN (SELECT entity FROM incoming)))
   AND (c.currency = CAST(:currency AS text)
        OR (CAST(:currency AS text) IS NULL AND c.currency IN (SELECT currency FROM incoming)))
