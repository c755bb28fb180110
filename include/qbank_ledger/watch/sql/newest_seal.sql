-- Purpose: the newest seal, and how many balances were ever sealed: those of the ledger and of its history.
-- Grain:   one row.
SELECT max(seal_no) AS seal_no, max(sealed_at) AS sealed_at, coalesce(sum(row_count), 0)::bigint AS sealed_rows
  FROM ledger.seal
