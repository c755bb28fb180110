-- Purpose: leave out of a list the items that a later one has, too: that one knows more of them.
DELETE FROM incoming AS i
 USING recon.item AS o, later AS l
 WHERE o.load_no = l.load_no AND o.line_no IS NOT NULL
   AND (o.entity, o.gl_account, o.currency, o.side, o.kind, o.item_date, o.reference)
     = (i.entity, i.gl_account, i.currency, i.side, i.kind, i.item_date, i.reference)
