-- Purpose: what each run asked, heard and decided. What became of it: sync_views.sql; how long it is kept:
--          partitions.sql. What has a row for each account is partitioned by blocks of runs.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE SCHEMA sync;
COMMENT ON SCHEMA sync IS 'What each run asked, heard and decided: the rooms plan, fetch, audit, publish, settle.';

CREATE TABLE sync.run (
    run_no               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dag_run_id           text NOT NULL,
    api_host             text NOT NULL,
    started_at           timestamptz NOT NULL DEFAULT now(),
    deadline_at          timestamptz NOT NULL,
    finished_at          timestamptz,
    state                text NOT NULL DEFAULT 'running'
                         CHECK (state IN ('running', 'complete', 'partial', 'failed', 'dry_run')),
    dry_run              boolean NOT NULL,
    subset               boolean NOT NULL,
    expected             integer NOT NULL CHECK (expected > 0),
    published            integer,
    quarantined          integer,
    failed               integer,
    payloads_dropped_at  timestamptz,
    accounts_dropped_at  timestamptz,
    package_version      text,
    CONSTRAINT closed_runs_are_counted CHECK (state = 'running' OR (
        finished_at IS NOT NULL AND published IS NOT NULL AND quarantined IS NOT NULL AND failed IS NOT NULL)),
    CONSTRAINT every_account_ends_once CHECK (published + quarantined + failed = expected)
);
CREATE INDEX run_open ON sync.run (deadline_at) WHERE state = 'running';
COMMENT ON TABLE sync.run IS 'One execution of the plan; kept for ever. Grain: run.';
COMMENT ON COLUMN sync.run.run_no IS 'Number of the run, rising.';
COMMENT ON COLUMN sync.run.dag_run_id IS 'Airflow''s id of the DAG run; not unique: two stacks may share a ledger.';
COMMENT ON COLUMN sync.run.api_host IS 'Host name of the QBank connection that the run used.';
COMMENT ON COLUMN sync.run.started_at IS 'When the plan began (UTC).';
COMMENT ON COLUMN sync.run.deadline_at IS
    'When a run that is still open counts as lost: the next plan closes it by what it published (UTC).';
COMMENT ON COLUMN sync.run.finished_at IS 'When it was closed (UTC); null while it runs.';
COMMENT ON COLUMN sync.run.state IS
    'running; complete: every account published; partial: some; failed: none; dry_run: nothing was to be published.';
COMMENT ON COLUMN sync.run.dry_run IS 'Whether the run was asked to publish nothing.';
COMMENT ON COLUMN sync.run.subset IS 'Whether the run was asked for some of the configured accounts only.';
COMMENT ON COLUMN sync.run.expected IS 'Accounts of the run.';
COMMENT ON COLUMN sync.run.published IS
    'Accounts published; in a dry run those that would have been. Null while it runs.';
COMMENT ON COLUMN sync.run.quarantined IS 'Accounts whose answer was not fit to publish. Null while it runs.';
COMMENT ON COLUMN sync.run.failed IS
    'Accounts without a usable answer, or whose fit answer could not be published. Null while it runs.';
COMMENT ON COLUMN sync.run.payloads_dropped_at IS
    'When the bodies of its answers were dropped (UTC); null: they are still there.';
COMMENT ON COLUMN sync.run.accounts_dropped_at IS
    'When its accounts, answers, findings and verdicts were dropped (UTC): only its counts are left; null: they are '
    'still there.';

COMMENT ON COLUMN sync.run.package_version IS
    'The version of airflow-provider-qbank-ledger that planned it; null: one from before this was kept.';

-- Not of balances: a publish would take a fifth longer, and more (docs/adr/0023).
ALTER TABLE ledger.seal ADD CONSTRAINT a_seal_is_of_a_run FOREIGN KEY (run_no) REFERENCES sync.run;

ALTER TABLE ledger.missing_hour_reason ADD CONSTRAINT a_run_tried FOREIGN KEY (run_no) REFERENCES sync.run;

CREATE TABLE sync.run_account (
    run_no           bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id       ledger.account_id NOT NULL,
    batch_no         integer NOT NULL,
    currency         ledger.currency_code NOT NULL,
    minor_units      smallint NOT NULL,
    max_age_minutes  integer NOT NULL,
    minimum_balance  ledger.amount,
    PRIMARY KEY (run_no, account_id)
) PARTITION BY RANGE (run_no);
COMMENT ON TABLE sync.run_account IS
    'The run''s own copy of the accounts it asks for: a file edited in mid-run changes nothing. Grain: run × account.';
COMMENT ON COLUMN sync.run_account.run_no IS 'The run.';
COMMENT ON COLUMN sync.run_account.account_id IS 'The account.';
COMMENT ON COLUMN sync.run_account.batch_no IS 'The fetch task that asks for it: 0, 1, ….';
COMMENT ON COLUMN sync.run_account.currency IS 'ISO 4217 code that the accounts file gave.';
COMMENT ON COLUMN sync.run_account.minor_units IS 'Decimals of that currency.';
COMMENT ON COLUMN sync.run_account.max_age_minutes IS
    'Oldest bank timestamp that is accepted, in minutes before the observation.';
COMMENT ON COLUMN sync.run_account.minimum_balance IS 'Ledger balance below which the audit warns; null: none.';

CREATE TABLE sync.batch (
    run_no            bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    batch_no          integer NOT NULL,
    fetch_started_at  timestamptz NOT NULL,
    PRIMARY KEY (run_no, batch_no)
);
COMMENT ON TABLE sync.batch IS 'When a fetch task first began: its retries share one budget. Grain: run × batch.';
COMMENT ON COLUMN sync.batch.run_no IS 'The run.';
COMMENT ON COLUMN sync.batch.batch_no IS 'The fetch task.';
COMMENT ON COLUMN sync.batch.fetch_started_at IS 'Start of its first try since the run was last opened (UTC).';

-- Logged on purpose: an unlogged table is empty after a crash.
CREATE TABLE sync.observation (
    run_no             bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id         ledger.account_id NOT NULL,
    state              text NOT NULL CHECK (state IN ('answered', 'unfit', 'failed')),
    reason             text,
    available_balance  numeric,
    ledger_balance     numeric,
    echoed_account_id  text,
    echoed_currency    text,
    echoed_as_of       text,
    bank_as_of         timestamptz,
    http_status        smallint,
    attempts           integer NOT NULL,
    observed_at        timestamptz NOT NULL,
    retry_after_s      bigint CHECK (retry_after_s > 0),
    PRIMARY KEY (run_no, account_id),
    CONSTRAINT a_reason_unless_answered CHECK ((state = 'answered') = (reason IS NULL))
) PARTITION BY RANGE (run_no);
COMMENT ON TABLE sync.observation IS
    'What came of asking for an account: the first answer stands, a failed one may be replaced by a retry. Grain: '
    'run × account.';
COMMENT ON COLUMN sync.observation.run_no IS 'The run.';
COMMENT ON COLUMN sync.observation.account_id IS 'The account that was asked for.';
COMMENT ON COLUMN sync.observation.state IS
    'answered: balances came; unfit: an answer came that can''t be read as balances; failed: no usable answer came.';
COMMENT ON COLUMN sync.observation.reason IS 'Why it is unfit or failed; null when answered.';
COMMENT ON COLUMN sync.observation.available_balance IS 'available_balance of the bank''s answer: exact.';
COMMENT ON COLUMN sync.observation.ledger_balance IS 'ledger_balance of the bank''s answer: exact.';
COMMENT ON COLUMN sync.observation.echoed_account_id IS 'The account id that the answer names; null: it names none.';
COMMENT ON COLUMN sync.observation.echoed_currency IS 'The currency that the answer names; null: it names none.';
COMMENT ON COLUMN sync.observation.echoed_as_of IS
    'The bank''s own timestamp, as written in the answer; null: it has none.';
COMMENT ON COLUMN sync.observation.bank_as_of IS 'That timestamp (UTC); null: none, or not a time with an offset.';
COMMENT ON COLUMN sync.observation.http_status IS 'HTTP status of the last answer; null: none came.';
COMMENT ON COLUMN sync.observation.attempts IS 'Requests made for this account in this run, over all tries.';
COMMENT ON COLUMN sync.observation.observed_at IS
    'When the answer, or the final failure, arrived, by this database''s clock (UTC).';
COMMENT ON COLUMN sync.observation.retry_after_s IS
    'The wait in seconds that the bank asked for (Retry-After), where it was too long to try again in this run; '
    'null: none.';

-- Apart from the observation: it is kept for a shorter time.
CREATE TABLE sync.payload (
    run_no      bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id  ledger.account_id NOT NULL,
    payload     text,
    PRIMARY KEY (run_no, account_id)
) PARTITION BY RANGE (run_no);
COMMENT ON TABLE sync.payload IS
    'The bank''s answer as received, of each observation that a request made; dropped once it is past its retention. '
    'Grain: run × account.';
COMMENT ON COLUMN sync.payload.run_no IS 'The run.';
COMMENT ON COLUMN sync.payload.account_id IS 'The account that was asked for.';
COMMENT ON COLUMN sync.payload.payload IS
    'The body; bytes that are not UTF-8 appear as \xNN. Null: no body came.';

CREATE TABLE sync.finding (
    run_no      bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id  ledger.account_id NOT NULL,
    rule        text NOT NULL,
    severity    text NOT NULL CHECK (severity IN ('critical', 'warning')),
    reason      text NOT NULL,
    PRIMARY KEY (run_no, account_id, rule)
) PARTITION BY RANGE (run_no);
COMMENT ON TABLE sync.finding IS 'A row that broke a rule of the audit. Grain: run × account × rule.';
COMMENT ON COLUMN sync.finding.run_no IS 'The run.';
COMMENT ON COLUMN sync.finding.account_id IS 'The account.';
COMMENT ON COLUMN sync.finding.rule IS 'Name of the rule.';
COMMENT ON COLUMN sync.finding.severity IS 'critical holds the row back; warning lets it through.';
COMMENT ON COLUMN sync.finding.reason IS 'Reason code of the rule, or of the answer itself.';

CREATE TABLE sync.verdict (
    run_no      bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id  ledger.account_id NOT NULL,
    fit         boolean NOT NULL,
    audited_at  timestamptz NOT NULL,
    PRIMARY KEY (run_no, account_id)
) PARTITION BY RANGE (run_no);
COMMENT ON TABLE sync.verdict IS
    'What the audit decided on a row it looked at: nothing is published without one. Grain: run × account.';
COMMENT ON COLUMN sync.verdict.run_no IS 'The run.';
COMMENT ON COLUMN sync.verdict.account_id IS 'The account.';
COMMENT ON COLUMN sync.verdict.fit IS 'True: fit to publish. False: held back, see sync.finding.';
COMMENT ON COLUMN sync.verdict.audited_at IS 'When it was decided (UTC).';

CREATE TABLE sync.lookalike (
    run_no            bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id        ledger.account_id NOT NULL,
    other_account_id  ledger.account_id NOT NULL,
    PRIMARY KEY (run_no, account_id),
    CONSTRAINT looks_like_another CHECK (other_account_id <> account_id)
) PARTITION BY RANGE (run_no);
COMMENT ON TABLE sync.lookalike IS
    'Answers whose two balances are exactly another account''s, its newest or its answer in the same run, and not '
    'the account''s own newest: a gateway may have mixed answers up. Grain: run × account.';
COMMENT ON COLUMN sync.lookalike.run_no IS 'The run.';
COMMENT ON COLUMN sync.lookalike.account_id IS 'The account that was asked for.';
COMMENT ON COLUMN sync.lookalike.other_account_id IS 'An account that has these balances.';

CREATE TABLE sync.validation_result (
    run_no       bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    expectation  text NOT NULL,
    severity     text NOT NULL,
    success      boolean NOT NULL,
    evaluated    bigint NOT NULL,
    unexpected   bigint NOT NULL,
    PRIMARY KEY (run_no, expectation)
);
COMMENT ON TABLE sync.validation_result IS
    'Great Expectations'' verdict on each expectation. Grain: run × expectation.';
COMMENT ON COLUMN sync.validation_result.run_no IS 'The run.';
COMMENT ON COLUMN sync.validation_result.expectation IS
    'Name of the rule, or of the gate that proves that the audit looked.';
COMMENT ON COLUMN sync.validation_result.severity IS 'critical or warning.';
COMMENT ON COLUMN sync.validation_result.success IS 'Whether no row broke it.';
COMMENT ON COLUMN sync.validation_result.evaluated IS 'Rows that it looked at.';
COMMENT ON COLUMN sync.validation_result.unexpected IS 'Rows that broke it.';

CREATE TABLE sync.publication (
    run_no        bigint PRIMARY KEY REFERENCES sync.run ON DELETE CASCADE,
    published_at  timestamptz NOT NULL
);
COMMENT ON TABLE sync.publication IS
    'The run''s newest publish: every fit verdict before it is in the ledger, or lost to a later observation. Grain: '
    'run.';
COMMENT ON COLUMN sync.publication.run_no IS 'The run.';
COMMENT ON COLUMN sync.publication.published_at IS 'recorded_at of the rows it wrote (UTC).';

-- No foreign key: a release is kept whatever becomes of the run's rows.
CREATE TABLE sync.release (
    run_no             bigint NOT NULL,
    account_id         ledger.account_id NOT NULL,
    released_at        timestamptz NOT NULL,
    released_by        text NOT NULL,
    reason             text NOT NULL CHECK (reason ~ '\S'),
    held_for           text[] NOT NULL,
    available_balance  ledger.amount NOT NULL,
    ledger_balance     ledger.amount NOT NULL,
    observed_at        timestamptz NOT NULL,
    seal_no            bigint,
    PRIMARY KEY (run_no, account_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sync.release
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE sync.release IS
    'What operators released from quarantine, who and why; append-only, kept for ever. Grain: run × account released.';
COMMENT ON COLUMN sync.release.run_no IS 'The run that held the answer back.';
COMMENT ON COLUMN sync.release.account_id IS 'The account.';
COMMENT ON COLUMN sync.release.released_at IS 'When it was released (UTC).';
COMMENT ON COLUMN sync.release.released_by IS 'The login that released it.';
COMMENT ON COLUMN sync.release.reason IS 'Why, in the operator''s words.';
COMMENT ON COLUMN sync.release.held_for IS 'The reasons for which it was held back.';
COMMENT ON COLUMN sync.release.available_balance IS 'Available balance that was released, exact.';
COMMENT ON COLUMN sync.release.ledger_balance IS 'Ledger balance that was released, exact.';
COMMENT ON COLUMN sync.release.observed_at IS 'When the answer arrived: it is published under this hour (UTC).';
COMMENT ON COLUMN sync.release.seal_no IS
    'The seal of its publish; null: a later observation of the hour was already there and stays.';
