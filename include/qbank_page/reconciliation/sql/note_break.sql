-- Purpose: keep who is to look into an account's open item, and what is known of it.
-- Parameters: account_id, assignee, note.
SELECT note_no FROM recon.note_break(:account_id, :assignee, :note)
