-- Purpose: the rows of the table incoming into recon.gl_balance, as the load load_no.
-- Params:  load_no.
INSERT INTO recon.gl_balance (load_no, line_no, entity, gl_account, currency, as_of_date, balance)
SELECT :load_no, line_no, entity, gl_account, currency, as_of_date, balance FROM incoming
