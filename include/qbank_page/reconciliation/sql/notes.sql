-- Purpose: what people said of an account's open items, the newest first.
-- Grain:   note.
-- Parameters: account_id.
SELECT n.at, n.actor, n.assignee, n.note, n.opened_on, n.as_of_date FROM recon.break_note AS n
 WHERE n.account_id = :account_id
 ORDER BY n.note_no DESC
