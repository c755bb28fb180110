-- Purpose: the rows of the table incoming into recon.item, as the load load_no.
-- Params:  load_no.
INSERT INTO recon.item (
    load_no, line_no, entity, gl_account, currency, item_date, cleared_date, side, kind, amount, reference)
SELECT :load_no, line_no, entity, gl_account, currency, item_date, cleared_date, side, kind, amount, reference
  FROM incoming
