-- Purpose: where COPY puts the rows of a file, of any kind, before they are looked at together; gone with the
--          transaction.
CREATE TEMPORARY TABLE incoming (
    line_no integer, entity text, gl_account text, currency text, as_of_date date, balance numeric,
    item_date date, cleared_date date, side text, kind text, amount numeric, reference text,
    from_currency text, to_currency text, rate numeric
) ON COMMIT DROP
