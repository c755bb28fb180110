-- Purpose: who may change the register, act through the page, and note breaks.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after everything that is granted.

REVOKE ALL ON ALL ROUTINES IN SCHEMA recon FROM PUBLIC;

GRANT SELECT ON recon.identity, recon.signatory, recon.break_note, recon.current_break_note, recon.used_form
    TO qbank_analyst;

GRANT EXECUTE ON FUNCTION recon.identity_of(text, text), recon.person_of(text, text) TO qbank_analyst;

GRANT EXECUTE ON FUNCTION
    recon.grant_signatory(text, text, text, text), recon.revoke_signatory(text, text, text, text)
    TO qbank_operator;

GRANT EXECUTE ON FUNCTION recon.note_break(text, text, text) TO qbank_preparer, qbank_approver, qbank_operator;

-- ── The page ─────────────────────────────────────────────────────────────────────────────────────
-- Each asks recon.signatory what the identity may.

GRANT EXECUTE ON FUNCTION
    recon.act_as(text), recon.prepare(text, date, text, integer), recon.approve(text, date, text, integer),
    recon.reject(text, date, text, integer), recon.note_break(text, text, text), ledger.release(bigint, text, text),
    recon.use_form(text)
    TO qbank_desk;

GRANT INSERT (kind, sha256, rows, source, name, profile, read_as, skipped) ON recon.file_load TO qbank_desk;

GRANT INSERT ON recon.gl_balance, recon.item TO qbank_desk;

-- Who loads has it called, as the default of recon.file_load.loaded_by.
GRANT EXECUTE ON FUNCTION recon.actor() TO qbank_loader, qbank_desk;
