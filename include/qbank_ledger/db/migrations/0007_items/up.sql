-- Purpose: what two columns of outstanding items hold where a profile reads them: lists without references, and items
--          that a list has no more.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

COMMENT ON COLUMN recon.item.reference IS
    'The ERP''s reference; may be empty. Where its list has none and the profile numbers the items: the amount, and '
    'which of those of that amount, such as -80.05 #1.';
COMMENT ON COLUMN recon.item.line_no IS
    'Line of the file, or row of the sheet, on which it begins; null: an item that the file has no more, and that its '
    'profile therefore takes for cleared, or loaded before lines were kept.';
