-- Purpose: what was found in the sources of books and what became of it: a file is read once, a refused one named once.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE TABLE recon.source_file (
    source      text NOT NULL CHECK (source <> ''),
    name        text NOT NULL CHECK (name <> ''),
    version     ledger.sha256_hex NOT NULL,
    seen_at     timestamptz NOT NULL DEFAULT now(),
    load_no     bigint REFERENCES recon.file_load,
    refused     text CHECK (refused <> ''),
    named_at    timestamptz,
    PRIMARY KEY (source, name, version),
    CONSTRAINT it_was_loaded_or_refused CHECK ((load_no IS NULL) <> (refused IS NULL)),
    CONSTRAINT what_is_named_was_refused CHECK (named_at IS NULL OR refused IS NOT NULL)
);
COMMENT ON TABLE recon.source_file IS
    'A file, or the answer to a query, that was found in a source of books, and what became of it. The same again is '
    'left alone. Grain: source × name × state of the file and of its profile.';
COMMENT ON COLUMN recon.source_file.source IS 'The source, by its name in the file of GL sources.';
COMMENT ON COLUMN recon.source_file.name IS 'The file''s address, or the connection of a query.';
COMMENT ON COLUMN recon.source_file.version IS
    'SHA-256, in hex, of what tells this state from another: what the storage says of the file (size, time, ETag) or '
    'the rows of a query, and the profile.';
COMMENT ON COLUMN recon.source_file.seen_at IS 'When it was read (UTC).';
COMMENT ON COLUMN recon.source_file.load_no IS 'The load that it is; null: it was refused.';
COMMENT ON COLUMN recon.source_file.refused IS 'Why it was refused; null: it was loaded.';
COMMENT ON COLUMN recon.source_file.named_at IS 'When a run turned red for it (UTC); null: none did yet.';

GRANT SELECT ON recon.source_file TO qbank_analyst;
GRANT INSERT (source, name, version, load_no, refused), UPDATE (named_at) ON recon.source_file TO qbank_loader;
