-- Purpose: the group roles of the ledger. They hold grants; nobody logs in as one.
-- Run as:  superuser, or a role with CREATEROLE; again and again changes nothing.
DO $$
DECLARE r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['qbank_owner', 'qbank_loader', 'qbank_analyst', 'qbank_operator', 'qbank_preparer', 'qbank_approver'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', r);
        END IF;
        -- A role that creates another may grant it, but may not act as it: from PostgreSQL 16 on it is
        -- a member that may not SET ROLE.
        IF NOT pg_has_role(current_user, r, CASE WHEN current_setting('server_version_num')::int >= 160000
                                                 THEN 'SET' ELSE 'MEMBER' END) THEN
            EXECUTE format('GRANT %I TO %I', r, current_user);
        END IF;
    END LOOP;
    EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO qbank_owner', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO qbank_loader', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO qbank_analyst, qbank_operator, qbank_preparer, qbank_approver', current_database());
END $$;
