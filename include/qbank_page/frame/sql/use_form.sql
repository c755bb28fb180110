-- Purpose: have a form act once: refused where it has before.
-- Grain:   one row.
-- Parameters: form_no, in hex.
SELECT recon.use_form(:form_no)
