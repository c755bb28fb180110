-- Purpose: a form of the page acts once, whichever server it is sent to again.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE TABLE recon.used_form (
    form_no  text PRIMARY KEY CHECK (form_no ~ '^[0-9a-f]{32}$'),
    used_by  text NOT NULL DEFAULT recon.actor(),
    used_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE recon.used_form IS
    'Forms of the page that have acted, for two days: longer than one may be sent. Grain: form.';
COMMENT ON COLUMN recon.used_form.form_no IS 'The number that the page gave it, random and signed, in hex.';
COMMENT ON COLUMN recon.used_form.used_by IS 'Who sent it: airflow:NAME.';
COMMENT ON COLUMN recon.used_form.used_at IS 'When (UTC).';

CREATE FUNCTION recon.use_form(form_no text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
    DELETE FROM recon.used_form AS u WHERE u.used_at < clock_timestamp() - interval '2 days';
    -- Waits for the same form where it is at work, and goes on only where that did nothing.
    INSERT INTO recon.used_form (form_no) VALUES (use_form.form_no) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'This form was sent before: reload the page to see what it did.'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END $$;
COMMENT ON FUNCTION recon.use_form(text) IS
    'Keeps that a form has acted; refuses, in a sentence, one that has before. For qbank_desk.';
