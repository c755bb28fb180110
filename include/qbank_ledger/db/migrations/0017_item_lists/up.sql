-- Purpose: what a whole list of outstanding items is of, so that one that comes after a later one takes nothing of that
--          back.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

ALTER TABLE recon.file_load
    ADD list_date date CHECK (isfinite(list_date)),
    ADD list_entity text CHECK (list_entity <> ''),
    ADD list_gl_account text CHECK (list_gl_account <> ''),
    ADD list_currency ledger.currency_code,
    ADD CONSTRAINT a_list_is_of_items CHECK (kind = 'items' OR list_date IS NULL),
    ADD CONSTRAINT a_list_has_a_date CHECK (
        list_date IS NOT NULL OR coalesce(list_entity, list_gl_account, list_currency) IS NULL);
COMMENT ON COLUMN recon.file_load.list_date IS
    'The date of a whole list of outstanding items (absent_means: cleared); null: no such, or loaded before it was '
    'kept.';
COMMENT ON COLUMN recon.file_load.list_entity IS 'The entity that all of the list is of; null: its rows say it.';
COMMENT ON COLUMN recon.file_load.list_gl_account IS 'The GL account that all of the list is of; null: any.';
COMMENT ON COLUMN recon.file_load.list_currency IS 'The currency that all of the list is in; null: its rows say it.';
GRANT INSERT (list_date, list_entity, list_gl_account, list_currency) ON recon.file_load TO qbank_loader, qbank_desk;
