-- Purpose: have nobody look into an open item any more, by a note like any other; and find an account's open item
--          without a look at every other account.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE OR REPLACE VIEW recon.open_break AS
-- The account's own id, not its comparison's: who asks for one account has only that one looked at.
SELECT a.account_id, n.opened_on, n.as_of_date, n.status, n.difference, n.unexplained, n.cause, n.age_days,
       n.entity, n.gl_account, n.currency, n.members, n.provisional
  FROM ledger.account AS a
  JOIN recon.account_time AS t USING (account_id)
 CROSS JOIN LATERAL (
       SELECT * FROM recon.reconciliation AS r
        WHERE r.account_id = a.account_id AND r.as_of_date BETWEEN t.begins_on AND t.today
        ORDER BY r.as_of_date DESC, r.version DESC LIMIT 1) AS n
 WHERE a.active AND n.opened_on IS NOT NULL;

ALTER TABLE recon.break_note
    DROP CONSTRAINT break_note_assignee_check,
    ADD CONSTRAINT break_note_assignee_check CHECK (assignee ~ '\S' OR assignee = '');
COMMENT ON COLUMN recon.break_note.assignee IS
    'Who is to look into it; empty: nobody any more; null: whoever was.';

CREATE OR REPLACE FUNCTION recon.note_break(account_id text, assignee text DEFAULT NULL, note text DEFAULT NULL)
RETURNS recon.break_note LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    who      text := recon.actor();
    said     text := CASE WHEN note_break.note ~ '\S' THEN btrim(note_break.note, E' \t\r\n') END;
    to_whom  text := CASE WHEN note_break.assignee ~ '\S' OR note_break.assignee = ''
                          THEN btrim(note_break.assignee, E' \t\r\n') END;
    item     recon.open_break;
    problem  text[];
    done     recon.break_note;
BEGIN
    SELECT b.* INTO item FROM recon.open_break AS b WHERE b.account_id = note_break.account_id;
    problem := CASE
        WHEN item.account_id IS NULL
            THEN ARRAY['22023', 'it has no open item; recon.open_break lists those that have']
        WHEN recon.lacks_right(NULL, ARRAY[item.entity]) IS NOT NULL
            THEN ARRAY['42501', recon.lacks_right(NULL, ARRAY[item.entity])]
        WHEN said IS NULL AND to_whom IS NULL
            THEN ARRAY['22023', 'say who is to look into it, or what is known of it']
    END;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'Nothing is noted of account %: %.', coalesce(note_break.account_id, '(none)'), problem[2]
            USING ERRCODE = problem[1];
    END IF;
    INSERT INTO recon.break_note AS n (account_id, opened_on, as_of_date, assignee, note, actor)
    VALUES (item.account_id, item.opened_on, item.as_of_date, to_whom, said, who)
    RETURNING n.* INTO done;
    RETURN done;
END $$;
COMMENT ON FUNCTION recon.note_break(text, text, text) IS
    'Keeps who is to look into an account''s open item (empty: nobody any more; null: as it was), what is known of it, '
    'or both; returns the note. Refuses, in a sentence, an account without an open item. For qbank_preparer, '
    'qbank_approver, qbank_operator, and qbank_desk in the name of who has any right for the entity.';

CREATE OR REPLACE VIEW recon.current_break_note AS
SELECT b.account_id, b.opened_on, b.as_of_date, nullif(a.assignee, '') AS assignee, a.actor AS assigned_by,
       a.at AS assigned_at, n.note, n.actor AS noted_by, n.at AS noted_at
  FROM recon.open_break AS b
  -- A restatement may move the day on which an item opened: what was said since that day is of this item.
  LEFT JOIN LATERAL (
       SELECT s.assignee, s.actor, s.at FROM recon.break_note AS s
        WHERE s.account_id = b.account_id AND s.as_of_date >= b.opened_on AND s.assignee IS NOT NULL
        ORDER BY s.note_no DESC LIMIT 1) AS a ON true
  LEFT JOIN LATERAL (
       SELECT s.note, s.actor, s.at FROM recon.break_note AS s
        WHERE s.account_id = b.account_id AND s.as_of_date >= b.opened_on AND s.note IS NOT NULL
        ORDER BY s.note_no DESC LIMIT 1) AS n ON true;
COMMENT ON COLUMN recon.current_break_note.assignee IS 'Who is to look into it; null: nobody.';
COMMENT ON COLUMN recon.current_break_note.assigned_by IS 'Who said so; null: nobody was ever named.';
