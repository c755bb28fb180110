-- Purpose: the group roles of the ledger. They hold grants; nobody logs in as one.
-- Run as:  superuser, or a role with CREATEROLE; again and again changes nothing.
DO $$
DECLARE
    r          text;
    privilege  text;
BEGIN
    FOREACH r IN ARRAY ARRAY['qbank_owner', 'qbank_loader', 'qbank_analyst', 'qbank_operator', 'qbank_preparer',
                            'qbank_approver', 'qbank_desk'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', r);
        END IF;
        -- A role that creates another may grant it, but may not act as it: from PostgreSQL 16 on it is
        -- a member that may not SET ROLE. Nobody is given the page's for that: a login that has it acts in others'
        -- names alone.
        IF r <> 'qbank_desk' AND NOT pg_has_role(current_user, r,
                CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
            EXECUTE format('GRANT %I TO %I', r, current_user);
        END IF;
    END LOOP;
    -- Whoever does something in the ledger reads it as well.
    FOREACH r IN ARRAY ARRAY['qbank_loader', 'qbank_operator', 'qbank_preparer', 'qbank_approver',
                            'qbank_desk'] LOOP
        IF NOT pg_has_role(r, 'qbank_analyst', 'USAGE') THEN
            EXECUTE format('GRANT qbank_analyst TO %I', r);
        END IF;
    END LOOP;
    -- Anybody could fill the disk with temporary tables.
    IF has_database_privilege('public', current_database(), 'CREATE, TEMPORARY') THEN
        EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    END IF;
    -- Compiling a plan that reads many partitions takes seconds, running it takes a twentieth of one. It is off for
    -- everybody who reads, unless the database says otherwise: a setting of qbank_analyst would not reach its members.
    IF (SELECT pg_has_role(d.datdba, 'USAGE') AND NOT EXISTS (
               SELECT FROM pg_db_role_setting AS s CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
                WHERE s.setdatabase = d.oid AND s.setrole = 0 AND c.setting LIKE 'jit=%')
          FROM pg_database AS d WHERE d.datname = current_database()) THEN
        EXECUTE format('ALTER DATABASE %I SET jit = off', current_database());
    END IF;
    -- Only what is not there yet: anybody who tries a GRANT of his own holds the database's row until he ends.
    FOR r, privilege IN
        SELECT w.role, w.privilege
          FROM (VALUES ('qbank_owner', 'CREATE'), ('qbank_owner', 'CONNECT'), ('qbank_owner', 'TEMPORARY'),
                       ('qbank_loader', 'TEMPORARY'), ('qbank_desk', 'TEMPORARY'),
                       ('qbank_analyst', 'CONNECT')) AS w (role, privilege)
         WHERE NOT EXISTS (SELECT FROM pg_database AS d CROSS JOIN LATERAL aclexplode(d.datacl) AS g
                            WHERE d.datname = current_database() AND g.grantee = w.role::regrole
                              AND g.privilege_type = w.privilege)
    LOOP
        EXECUTE format('GRANT %s ON DATABASE %I TO %I', privilege, current_database(), r);
    END LOOP;
END $$;
