-- Purpose: which file a figure of the books came from, how it was read, and on which line it stands.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

ALTER TABLE recon.gl_load RENAME TO file_load;
ALTER TABLE recon.file_load RENAME CONSTRAINT gl_load_pkey TO file_load_pkey;
ALTER TABLE recon.file_load
    ADD COLUMN source   text CHECK (source <> ''),
    ADD COLUMN name     text CHECK (name <> ''),
    ADD COLUMN profile  text NOT NULL DEFAULT 'plain' CHECK (profile <> ''),
    ADD COLUMN read_as  ledger.sha256_hex,
    ADD COLUMN skipped  integer NOT NULL DEFAULT 0 CHECK (skipped >= 0);
-- The same bytes read in another way, or for another date, are another load.
ALTER TABLE recon.file_load
    DROP CONSTRAINT a_file_is_loaded_once,
    ADD CONSTRAINT a_file_is_loaded_once UNIQUE NULLS NOT DISTINCT (kind, sha256, read_as);
COMMENT ON TABLE recon.file_load IS
    'A file from the ERP that was loaded, whole; append-only. The same file again, read in the same way, is the same '
    'load. Grain: file × way of reading it.';
COMMENT ON COLUMN recon.file_load.source IS
    'The source of books that it came from by itself; null: a run named the file.';
COMMENT ON COLUMN recon.file_load.name IS
    'The file''s path or address as it was named; null: loaded before names were kept.';
COMMENT ON COLUMN recon.file_load.profile IS 'The profile by which it was read; plain: the ledger''s own layout.';
COMMENT ON COLUMN recon.file_load.read_as IS
    'SHA-256, in hex, of what the profile said and the run gave (date, entity, currency); null: the plain layout.';
COMMENT ON COLUMN recon.file_load.rows IS 'Rows that it holds: balances or items.';
COMMENT ON COLUMN recon.file_load.skipped IS 'Rows of it that are none, as its profile says: totals, headings.';
COMMENT ON COLUMN recon.gl_balance.line_no IS
    'Line of the file, or row of the sheet, on which it begins; null: an account at zero that the file leaves out, or '
    'loaded before lines were kept.';
-- loaded_by and loaded_at are the database's own: the loader may give neither.
GRANT INSERT (kind, sha256, rows, source, name, profile, read_as, skipped) ON recon.file_load TO qbank_loader;

CREATE OR REPLACE VIEW recon.unmapped_gl AS
SELECT DISTINCT ON (g.as_of_date, g.entity, g.gl_account, g.currency)
       g.entity, g.gl_account, g.currency, g.as_of_date, g.balance, g.load_no, f.name AS file_name, g.line_no
  FROM recon.gl_balance AS g JOIN recon.file_load AS f USING (load_no)
 WHERE NOT EXISTS (SELECT FROM ledger.account AS a
                    WHERE (a.entity, a.gl_account, a.currency) = (g.entity, g.gl_account, g.currency) AND a.active)
 ORDER BY g.as_of_date, g.entity, g.gl_account, g.currency, g.load_no DESC;
COMMENT ON COLUMN recon.unmapped_gl.file_name IS 'The file that gave it; null: loaded before names were kept.';
COMMENT ON COLUMN recon.unmapped_gl.line_no IS 'Line of the file on which it begins.';

CREATE VIEW recon.gl_figure AS
SELECT g.entity, g.gl_account, g.currency, g.as_of_date, g.balance, g.load_no, f.source, f.name AS file_name,
       g.line_no, f.profile, f.loaded_at, f.loaded_by
  FROM recon.gl_balance AS g JOIN recon.file_load AS f USING (load_no);
COMMENT ON VIEW recon.gl_figure IS
    'Every closing balance that was loaded beside the file and the line that it came from. Grain: GL account × date × '
    'load.';
COMMENT ON COLUMN recon.gl_figure.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.gl_figure.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.gl_figure.currency IS 'ISO 4217 code of the balance.';
COMMENT ON COLUMN recon.gl_figure.as_of_date IS 'The posting date of which it is the closing.';
COMMENT ON COLUMN recon.gl_figure.balance IS 'Closing balance, exact; debit positive.';
COMMENT ON COLUMN recon.gl_figure.load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.gl_figure.source IS 'The source that the file came from by itself; null: a run named it.';
COMMENT ON COLUMN recon.gl_figure.file_name IS 'The file; null: loaded before names were kept.';
COMMENT ON COLUMN recon.gl_figure.line_no IS
    'Line of the file, or row of the sheet; null: an account at zero that the file leaves out.';
COMMENT ON COLUMN recon.gl_figure.profile IS 'The profile by which the file was read.';
COMMENT ON COLUMN recon.gl_figure.loaded_at IS 'When it was loaded (UTC).';
COMMENT ON COLUMN recon.gl_figure.loaded_by IS 'The login that loaded it.';
GRANT SELECT ON recon.gl_figure TO qbank_analyst;
