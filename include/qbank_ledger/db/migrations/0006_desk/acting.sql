-- Purpose: in whose name a transaction acts, which person that is, and what it may.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION recon.may_use_desk() RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    -- Who may only grant a role is no member that acts: servers before 16 do not tell the two apart.
    SELECT pg_has_role(session_user, 'qbank_desk', 'USAGE')
           OR pg_has_role(session_user, 'qbank_desk',
                          CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)
$$;
COMMENT ON FUNCTION recon.may_use_desk() IS
    'Whether the login has qbank_desk, by whatever way and whatever role it has taken on; a superuser has every role.';

CREATE FUNCTION recon.is_desk() RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    SELECT recon.may_use_desk() AND NOT r.rolsuper FROM pg_roles AS r WHERE r.rolname = session_user
$$;
COMMENT ON FUNCTION recon.is_desk() IS
    'Whether the login is the page''s: it acts in the name of an identity, and in no other way. A superuser is not: it '
    'may act as itself.';

CREATE FUNCTION recon.act_as(identity text) RETURNS text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    said   text := current_setting('qbank.acting', true);
    claim  text := format('%s %s', pg_current_xact_id(), identity);
BEGIN
    IF identity ~ '^airflow:\S+( \S+)*$' IS NOT TRUE OR identity ~ '[[:cntrl:]]' OR identity = session_user THEN
        RAISE EXCEPTION 'The page acts as airflow:NAME, whom Airflow''s login proved, not as %.',
              coalesce(quote_literal(identity), 'nobody') USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF said <> claim AND starts_with(said, format('%s ', pg_current_xact_id())) THEN
        RAISE EXCEPTION 'This transaction acts as another identity already: begin a new one for %.', identity
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM set_config('qbank.acting', claim, true);
    RETURN identity;
END $$;
COMMENT ON FUNCTION recon.act_as(text) IS
    'Has the rest of this transaction act in the name of airflow:NAME; returns it. It is kept in the setting '
    'qbank.acting beside the transaction''s number: what a session or another transaction left there counts for '
    'nothing. The login is trusted to name whom Airflow proved: the database can''t look at that proof. For '
    'qbank_desk.';

CREATE FUNCTION recon.actor() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    said  text := current_setting('qbank.acting', true);
    xact  text := pg_current_xact_id_if_assigned()::text;
BEGIN
    IF starts_with(said, xact || ' airflow:') AND said <> format('%s %s', xact, session_user)
       AND recon.may_use_desk() THEN
        RETURN substr(said, length(xact) + 2);
    END IF;
    IF recon.is_desk() THEN
        RAISE EXCEPTION 'The login % acts only in somebody''s name: say whose, in the same transaction, with '
                        'recon.act_as.', session_user USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN session_user;
END $$;
COMMENT ON FUNCTION recon.actor() IS
    'Who acts: through the page the identity that recon.act_as named in this transaction, else the login, whatever '
    'role it has taken on. The page''s login without an identity is refused.';

CREATE FUNCTION recon.identity_of(actor text, via text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN actor = via THEN 'login:' || actor ELSE actor END;
COMMENT ON FUNCTION recon.identity_of(text, text) IS
    'The identity that took an action: airflow:NAME through the page''s login; login:NAME where the login acted '
    'itself, whatever its name looks like.';

CREATE FUNCTION recon.person_of(actor text, via text) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    SELECT coalesce((SELECT i.person FROM recon.identity AS i WHERE i.identity = recon.identity_of(actor, via)),
                    recon.identity_of(actor, via))
$$;
COMMENT ON FUNCTION recon.person_of(text, text) IS
    'The person who took an action, as recon.identity knows the identity; one that it does not know is a person of its '
    'own. Two are one where lower() of them is equal.';

CREATE FUNCTION recon.is_bound() RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    SELECT recon.actor() <> session_user
           OR EXISTS (SELECT FROM recon.identity AS i WHERE i.identity = 'login:' || session_user)
$$;
COMMENT ON FUNCTION recon.is_bound() IS
    'Whether recon.signatory says what who acts may: through the page always, else where the login stands in it, also '
    'with revoked rights alone. Any other login has its roles'' rights.';

CREATE FUNCTION recon.lacks_right(may text, entities text[]) RETURNS text LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    who      text := recon.identity_of(recon.actor(), session_user);
    lacking  text;
BEGIN
    IF NOT recon.is_bound() THEN
        RETURN NULL;
    END IF;
    SELECT e.entity INTO lacking
      FROM unnest(entities) AS e (entity)
     WHERE NOT EXISTS (SELECT FROM recon.signatory AS s
                        WHERE s.identity = who AND s.revoked_at IS NULL
                          AND s.may = coalesce(lacks_right.may, s.may)
                          AND e.entity = coalesce(s.entity, e.entity))
     ORDER BY e.entity LIMIT 1;
    RETURN CASE WHEN FOUND THEN
        format('%s may not %s for entity %s: an operator grants it with recon.grant_signatory', who,
               coalesce(lacks_right.may, 'act'), lacking) END;
END $$;
COMMENT ON FUNCTION recon.lacks_right(text, text[]) IS
    'What who acts lacks to do this (null: any of what recon.signatory grants) for all of these entities, as part of a '
    'sentence; null: nothing.';
