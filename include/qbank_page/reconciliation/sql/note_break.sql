-- Purpose: keep who is to look into an account's open item, and what is known of it.
-- Parameters: account_id, assignee, note. Returns when the item that it is of had opened.
SELECT opened_on FROM recon.note_break(:account_id, :assignee, :note)
