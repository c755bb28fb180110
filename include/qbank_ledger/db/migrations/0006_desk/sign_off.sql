-- Purpose: signing off through the page: by an identity, with the rights of recon.signatory, and by two persons.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

ALTER TABLE recon.sign_off ADD COLUMN via text;
-- Who acted until now did so by a login of his own.
ALTER TABLE recon.sign_off DISABLE TRIGGER append_only;
UPDATE recon.sign_off SET via = actor;
ALTER TABLE recon.sign_off ENABLE TRIGGER append_only;
ALTER TABLE recon.sign_off
    ALTER COLUMN via SET NOT NULL,
    ALTER COLUMN via SET DEFAULT session_user,
    ALTER COLUMN actor SET DEFAULT recon.actor();
COMMENT ON COLUMN recon.sign_off.actor IS
    'Who acted: through the page airflow:NAME, else the login, whatever role it had taken on; of decertified, the '
    'run''s.';
COMMENT ON COLUMN recon.sign_off.via IS
    'The login that it came by: the actor itself, or the page''s. Which person acted: recon.person_of(actor, via).';

CREATE OR REPLACE FUNCTION recon.record_sign_off(
    action text, account_id text, as_of_date date, comment text, version integer)
RETURNS recon.sign_off LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off SET datestyle = 'ISO' AS $$
DECLARE
    newest   recon.reconciliation;
    before   recon.sign_off;
    done     recon.sign_off;
    said     text := CASE WHEN record_sign_off.comment ~ '\S' THEN btrim(record_sign_off.comment, E' \t\r\n') END;
    who      text := recon.actor();
    lacking  text;
    problem  text[];
BEGIN
    PERFORM recon.acquire_lock();
    SELECT r.* INTO newest FROM recon.reconciliation AS r
     WHERE r.account_id = record_sign_off.account_id AND r.as_of_date = record_sign_off.as_of_date
     ORDER BY r.version DESC LIMIT 1;
    SELECT s.* INTO before FROM recon.sign_off AS s
     WHERE s.account_id = record_sign_off.account_id AND s.as_of_date = record_sign_off.as_of_date
     ORDER BY s.sign_off_no DESC LIMIT 1;
    lacking := recon.lacks_right(CASE action WHEN 'prepared' THEN 'prepare' ELSE 'approve' END,
                                 ARRAY[newest.entity]);
    problem := CASE
        WHEN newest.version IS NULL
            THEN ARRAY['22023', 'there is none; recon.sign_off_state lists what was compared']
        WHEN lacking IS NOT NULL
            THEN ARRAY['42501', lacking]
        WHEN record_sign_off.version <> newest.version
            THEN ARRAY['55000', format('version %s is not the newest: look at version %s and sign that',
                                       record_sign_off.version, newest.version)]
        WHEN newest.provisional
            THEN ARRAY['55000', 'it is provisional, compared before its cut-off: reconcile it after that']
        WHEN before.state = 'approved' OR action = 'prepared' AND before.state = 'prepared'
            THEN ARRAY['55000', format('%s %s it already', before.actor, before.state)]
        WHEN action <> 'prepared' AND before.state IS DISTINCT FROM 'prepared'
            THEN ARRAY['55000', format('it is %s, and somebody has to prepare it first',
                                       coalesce(before.state, 'open'))]
        WHEN action <> 'prepared'
             AND lower(recon.person_of(before.actor, before.via)) = lower(recon.person_of(who, session_user))
            THEN ARRAY['42501', format('%s%s prepared it: somebody else has to look at it', before.actor,
                                       CASE WHEN (before.actor, before.via) <> (who, session_user::text) THEN
                                           format(', who is %s as well,', recon.person_of(who, session_user)) END)]
        WHEN action = 'rejected' AND said IS NULL
            THEN ARRAY['22023', 'a rejection needs a comment: say what is wrong']
        WHEN action = 'approved' AND newest.status <> 'matched' AND said IS NULL
            THEN ARRAY['22023', format('it is %s, and approving that needs a comment: say why it may stand',
                                       newest.status)]
    END;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'The reconciliation of account % on % can''t be %: %.',
              coalesce(record_sign_off.account_id, '(none)'), coalesce(record_sign_off.as_of_date::text, '(none)'),
              action, problem[2] USING ERRCODE = problem[1];
    END IF;
    INSERT INTO recon.sign_off AS s (account_id, as_of_date, version, state, comment)
    VALUES (newest.account_id, newest.as_of_date, newest.version, action, said)
    RETURNING s.* INTO done;
    RETURN done;
END $$;
COMMENT ON FUNCTION recon.record_sign_off(text, text, date, text, integer) IS
    'What prepare, approve and reject have in common: the order of states, who may not, that the two are two persons, '
    'what needs a comment. Nobody calls it directly.';
COMMENT ON FUNCTION recon.prepare(text, date, text, integer) IS
    'Puts the newest version of an account''s date forward for approval; returns the action. From open, rejected or '
    'decertified. With a version: only if that is the newest. For qbank_preparer, and qbank_desk in the name of who '
    'may prepare.';
COMMENT ON FUNCTION recon.approve(text, date, text, integer) IS
    'Approves what somebody else prepared; returns the action. Anything but matched needs a comment. With a version: '
    'only if that is the newest. For qbank_approver, and qbank_desk in the name of who may approve.';
COMMENT ON FUNCTION recon.reject(text, date, text, integer) IS
    'Sends back what somebody else prepared, with a comment that says why; returns the action. With a version: only '
    'if that is the newest. For qbank_approver, and qbank_desk in the name of who may approve.';
