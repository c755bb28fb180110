-- Purpose: where COPY puts a chunk of answers before they are merged; gone with the transaction.
CREATE TEMPORARY TABLE incoming (
    account_id text, state text, reason text, available_balance numeric, ledger_balance numeric,
    echoed_account_id text, echoed_currency text, echoed_as_of text, bank_as_of timestamptz,
    payload text, http_status smallint, attempts integer, observed_at timestamptz,
    retry_after_s bigint
) ON COMMIT DROP
