-- Purpose: who takes care of an open item, and what is known of it.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE TABLE recon.break_note (
    note_no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  ledger.account_id NOT NULL REFERENCES ledger.account,
    opened_on   date NOT NULL,
    as_of_date  date NOT NULL,
    assignee    text CHECK (assignee ~ '\S'),
    note        text CHECK (note ~ '\S'),
    actor       text NOT NULL DEFAULT recon.actor(),
    via         text NOT NULL DEFAULT session_user,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT a_note_says_something CHECK (assignee IS NOT NULL OR note IS NOT NULL)
);
CREATE INDEX break_note_newest ON recon.break_note (account_id, note_no DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.break_note
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.break_note IS
    'What people said of open items, and to whom they gave them; append-only, written by recon.note_break alone. '
    'Grain: note.';
COMMENT ON COLUMN recon.break_note.note_no IS 'Number of the note, rising; may have gaps.';
COMMENT ON COLUMN recon.break_note.account_id IS 'The account.';
COMMENT ON COLUMN recon.break_note.opened_on IS 'When the item had opened, as it was known then.';
COMMENT ON COLUMN recon.break_note.as_of_date IS 'The item''s newest date then.';
COMMENT ON COLUMN recon.break_note.assignee IS 'Who is to look into it; null: whoever was.';
COMMENT ON COLUMN recon.break_note.note IS 'What is known of it; null: nothing new.';
COMMENT ON COLUMN recon.break_note.actor IS 'Who said so: through the page airflow:NAME, else the login.';
COMMENT ON COLUMN recon.break_note.via IS 'The login that it came by: the actor itself, or the page''s.';
COMMENT ON COLUMN recon.break_note.at IS 'When (UTC).';

CREATE FUNCTION recon.note_break(account_id text, assignee text DEFAULT NULL, note text DEFAULT NULL)
RETURNS recon.break_note LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    who      text := recon.actor();
    said     text := CASE WHEN note_break.note ~ '\S' THEN btrim(note_break.note, E' \t\r\n') END;
    to_whom  text := CASE WHEN note_break.assignee ~ '\S' THEN btrim(note_break.assignee, E' \t\r\n') END;
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
    'Keeps who is to look into an account''s open item, what is known of it, or both; returns the note. Refuses, in a '
    'sentence, an account without an open item. For qbank_preparer, qbank_approver, qbank_operator, and qbank_desk in '
    'the name of who has any right for the entity.';

CREATE VIEW recon.current_break_note AS
SELECT b.account_id, b.opened_on, b.as_of_date, a.assignee, a.actor AS assigned_by, a.at AS assigned_at, n.note,
       n.actor AS noted_by, n.at AS noted_at
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
COMMENT ON VIEW recon.current_break_note IS
    'Each open item with who is to look into it and the newest note. Grain: account with an open item.';
COMMENT ON COLUMN recon.current_break_note.account_id IS 'The account.';
COMMENT ON COLUMN recon.current_break_note.opened_on IS 'First date since it last matched on which it did not.';
COMMENT ON COLUMN recon.current_break_note.as_of_date IS 'The newest date compared.';
COMMENT ON COLUMN recon.current_break_note.assignee IS 'Who is to look into it; null: nobody was named.';
COMMENT ON COLUMN recon.current_break_note.assigned_by IS 'Who said so.';
COMMENT ON COLUMN recon.current_break_note.assigned_at IS 'When (UTC).';
COMMENT ON COLUMN recon.current_break_note.note IS 'The newest note; null: none.';
COMMENT ON COLUMN recon.current_break_note.noted_by IS 'Who wrote it.';
COMMENT ON COLUMN recon.current_break_note.noted_at IS 'When (UTC).';
