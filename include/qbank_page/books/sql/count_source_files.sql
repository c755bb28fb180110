-- Purpose: how many files were found in the sources of books, for the pages of their table.
-- Grain:   one row.
-- Parameters: none.
SELECT count(*) FROM recon.source_file
