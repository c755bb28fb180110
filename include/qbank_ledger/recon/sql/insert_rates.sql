-- Purpose: the rows of the table incoming into ledger.fx_rate, as the load load_no.
-- Params:  load_no.
INSERT INTO ledger.fx_rate (load_no, line_no, from_currency, to_currency, as_of_date, rate)
SELECT :load_no, line_no, from_currency, to_currency, as_of_date, rate FROM incoming
