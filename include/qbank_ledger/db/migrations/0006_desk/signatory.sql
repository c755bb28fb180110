-- Purpose: who may act on the ledger, and which person stands behind an identity of Airflow or a login.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE TABLE recon.identity (
    identity  text PRIMARY KEY,
    person    text NOT NULL,
    -- For the foreign key of recon.signatory.
    CONSTRAINT identity_of_a_person UNIQUE (identity, person),
    CONSTRAINT identity_is_airflows_or_a_login
        CHECK (identity ~ '^(airflow|login):\S+( \S+)*$' AND identity !~ '[[:cntrl:]]'),
    CONSTRAINT person_has_no_blanks_around CHECK (person ~ '^\S+( \S+)*$' AND person !~ '[[:cntrl:]]')
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.identity
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.identity IS
    'The person behind each identity that was ever granted a right: one person, for ever, also once the right is '
    'revoked; append-only, written with recon.signatory. Grain: identity.';
COMMENT ON COLUMN recon.identity.identity IS
    'airflow:NAME, whom Airflow''s login proved, or login:NAME, a login of the database; case counts.';
COMMENT ON COLUMN recon.identity.person IS
    'Who that is, in the operator''s words. A person may have several identities, and is one person in all of them; '
    'case does not count.';

CREATE TABLE recon.signatory (
    signatory_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person        text NOT NULL,
    identity      text NOT NULL,
    may           text NOT NULL CHECK (may IN ('prepare', 'approve', 'release', 'load')),
    entity        text CHECK (entity ~ '\S'),
    granted_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    granted_by    text NOT NULL DEFAULT session_user,
    revoked_at    timestamptz,
    revoked_by    text,
    CONSTRAINT an_identity_is_one_persons
        FOREIGN KEY (identity, person) REFERENCES recon.identity (identity, person),
    CONSTRAINT a_revocation_says_when_and_by_whom
        CHECK ((revoked_at IS NULL) = (revoked_by IS NULL) AND revoked_at >= granted_at)
);
CREATE UNIQUE INDEX a_right_is_open_once ON recon.signatory (identity, may, entity) NULLS NOT DISTINCT
    WHERE revoked_at IS NULL;
COMMENT ON TABLE recon.signatory IS
    'Who may prepare, approve, release and load, for which entity; append-only but for the revocation, changed by '
    'recon.grant_signatory and recon.revoke_signatory. An identity of the page has these rights and no others. A login '
    'that stands here, also with revoked rights alone, needs them beside its roles. Grain: right that was granted.';
COMMENT ON COLUMN recon.signatory.signatory_no IS 'Number of the grant, rising; may have gaps.';
COMMENT ON COLUMN recon.signatory.person IS 'Who the identity is (recon.identity).';
COMMENT ON COLUMN recon.signatory.identity IS
    'airflow:NAME, whom Airflow''s login proved, or login:NAME, a login of the database.';
COMMENT ON COLUMN recon.signatory.may IS
    'prepare; approve, and reject; release from quarantine; load files of the ERP. Any of them may note breaks.';
COMMENT ON COLUMN recon.signatory.entity IS 'For this legal entity or company code alone; null: for all.';
COMMENT ON COLUMN recon.signatory.granted_at IS 'When (UTC).';
COMMENT ON COLUMN recon.signatory.granted_by IS 'The operator''s login.';
COMMENT ON COLUMN recon.signatory.revoked_at IS 'When it was revoked (UTC); null: it stands.';
COMMENT ON COLUMN recon.signatory.revoked_by IS 'The operator''s login; null: it stands.';

CREATE FUNCTION recon.name_person() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    known text;
BEGIN
    -- Waits for who names the same identity now; the key lets one of the two in.
    INSERT INTO recon.identity (identity, person) VALUES (NEW.identity, NEW.person) ON CONFLICT DO NOTHING;
    SELECT i.person INTO known FROM recon.identity AS i WHERE i.identity = NEW.identity;
    IF known <> NEW.person THEN
        RAISE EXCEPTION 'The identity % is %''s: it can''t be %''s as well.', NEW.identity, known, NEW.person
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION recon.name_person() IS 'Keeps an identity one person''s, whoever grants it, also two at once.';

CREATE TRIGGER name_person BEFORE INSERT ON recon.signatory
    FOR EACH ROW EXECUTE FUNCTION recon.name_person();

CREATE FUNCTION recon.keep_signatory() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
       OR (NEW.signatory_no, NEW.person, NEW.identity, NEW.may, NEW.entity, NEW.granted_at, NEW.granted_by)
          IS DISTINCT FROM
          (OLD.signatory_no, OLD.person, OLD.identity, OLD.may, OLD.entity, OLD.granted_at, OLD.granted_by) THEN
        RAISE EXCEPTION 'UPDATE on recon.signatory is refused: a right is granted and revoked, once each'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION recon.keep_signatory() IS
    'Lets a right be revoked, once, and nothing else of recon.signatory be changed, whoever tries.';

CREATE TRIGGER keep_signatory BEFORE UPDATE ON recon.signatory
    FOR EACH ROW EXECUTE FUNCTION recon.keep_signatory();

CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON recon.signatory
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION recon.check_grant(person text, identity text, may text, entity text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    problem text := CASE
        WHEN person ~ '^\S+( \S+)*$' IS NOT TRUE OR person ~ '[[:cntrl:]]'
            THEN 'give the person''s name, without blanks around it'
        WHEN identity ~ '^(airflow|login):\S+( \S+)*$' IS NOT TRUE OR identity ~ '[[:cntrl:]]'
            THEN 'give the identity as airflow:NAME or login:NAME'
        WHEN may IN ('prepare', 'approve', 'release', 'load') IS NOT TRUE
            THEN 'a right is prepare, approve, release or load'
        WHEN entity !~ '\S'
            THEN 'give the entity as the accounts file has it, or none for all'
    END;
BEGIN
    IF recon.is_desk() THEN
        RAISE EXCEPTION 'The login % is the page''s and changes no rights: let an operator''s login do that.',
              session_user USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'The right can''t be changed: %.', problem USING ERRCODE = 'invalid_parameter_value';
    END IF;
END $$;
COMMENT ON FUNCTION recon.check_grant(text, text, text, text) IS
    'What granting and revoking have in common: what may be said, and that the page''s login does neither. Nobody '
    'calls it directly.';

CREATE FUNCTION recon.grant_signatory(person text, identity text, may text, entity text DEFAULT NULL)
RETURNS recon.signatory LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
    stands recon.signatory;
BEGIN
    PERFORM recon.check_grant(grant_signatory.person, grant_signatory.identity, grant_signatory.may,
                              grant_signatory.entity);
    IF grant_signatory.entity IS NOT NULL
       AND NOT EXISTS (SELECT FROM ledger.account AS a WHERE a.entity = grant_signatory.entity) THEN
        RAISE WARNING 'No account is of entity % yet.', grant_signatory.entity;
    END IF;
    LOOP
        INSERT INTO recon.signatory AS s (person, identity, may, entity)
        VALUES (grant_signatory.person, grant_signatory.identity, grant_signatory.may, grant_signatory.entity)
            ON CONFLICT (identity, may, entity) WHERE revoked_at IS NULL DO NOTHING
        RETURNING s.* INTO stands;
        EXIT WHEN FOUND;
        -- It stands already, unless somebody has revoked it since.
        SELECT s.* INTO stands FROM recon.signatory AS s
         WHERE s.identity = grant_signatory.identity AND s.may = grant_signatory.may
           AND s.entity IS NOT DISTINCT FROM grant_signatory.entity AND s.revoked_at IS NULL;
        EXIT WHEN FOUND;
    END LOOP;
    RETURN stands;
END $$;
COMMENT ON FUNCTION recon.grant_signatory(text, text, text, text) IS
    'Lets an identity prepare, approve, release or load, for an entity or (null) for all; returns the right. One that '
    'stands already is returned as it is, with who granted it first. An identity that is another person''s is refused. '
    'For qbank_operator.';

CREATE FUNCTION recon.revoke_signatory(person text, identity text, may text, entity text DEFAULT NULL)
RETURNS recon.signatory LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    revoked recon.signatory;
BEGIN
    PERFORM recon.check_grant(person, identity, may, entity);
    UPDATE recon.signatory AS s
       SET revoked_at = greatest(clock_timestamp(), s.granted_at), revoked_by = session_user
     WHERE s.person = revoke_signatory.person AND s.identity = revoke_signatory.identity
       AND s.may = revoke_signatory.may AND s.entity IS NOT DISTINCT FROM revoke_signatory.entity
       AND s.revoked_at IS NULL
    RETURNING s.* INTO revoked;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% (%) has no right to % for %: recon.signatory lists what stands.', identity, person, may,
              coalesce('entity ' || entity, 'all entities') USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN revoked;
END $$;
COMMENT ON FUNCTION recon.revoke_signatory(text, text, text, text) IS
    'Takes a right back, as it was granted: one for all entities and one for an entity are two. Returns it; what was '
    'done with it stands. Refused, in a sentence, where there is none. For qbank_operator.';
