-- Purpose: who is to look into the items that these accounts have open, and the newest note of each.
-- Grain:   account of those asked for with an open item.
-- Parameters: account_ids, a list.
SELECT account_id, opened_on, as_of_date, assignee, note FROM recon.current_break_note
 WHERE account_id = ANY (CAST(:account_ids AS text[]))
