-- Purpose: answers that are exactly another account's: what no check of one answer alone can show.
-- Run as:  qbank_owner, in one transaction (see migrate.py). Changes no row.

CREATE FUNCTION sync.significant_digits(amount numeric) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT length(btrim(translate(amount::text, '.-', ''), '0'))
$$;
COMMENT ON FUNCTION sync.significant_digits(numeric) IS 'The digits of an amount without the zeros before and after them: 6 of 1234.56 and of 1234560000, 0 of 0. Few are no evidence: round sums, small change.';

CREATE TABLE sync.lookalike (
    run_no            bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id        text NOT NULL,
    other_account_id  text NOT NULL,
    PRIMARY KEY (run_no, account_id),
    CONSTRAINT looks_like_another CHECK (other_account_id <> account_id)
);
COMMENT ON TABLE sync.lookalike IS 'Answers whose two balances are exactly another account''s, its newest or its answer in the same run, and not the account''s own newest: a gateway may have mixed answers up. Grain: run × account.';
COMMENT ON COLUMN sync.lookalike.run_no IS 'The run.';
COMMENT ON COLUMN sync.lookalike.account_id IS 'The account that was asked for.';
COMMENT ON COLUMN sync.lookalike.other_account_id IS 'An account that has these balances.';

-- ── Grants ──────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION sync.significant_digits(numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sync.significant_digits(numeric)
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT SELECT ON sync.lookalike TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT INSERT ON sync.lookalike TO qbank_loader;
