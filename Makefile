# The verbs, one line each: the work is in local/ (the stack) and include/qbank_ledger (the ledger).
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest -n 2
THIRD_PARTIES := tests/thirdparty
# Of the unit tests, those that start servers or wait.
SLOW := $(addprefix tests/unit/,deployment local/test_supervision.py ledger/test_hostile_files.py)
# For every Python and system that the project supports at once; what was locked stays where it still fits.
# The project itself is in no lock: it is installed from the tree.
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" --no-emit-package airflow-provider-qbank-ledger
CODE := benchmarks chaos dags include local plugins
# What people read: in the words of .vocabulary, too.
PROSE := README.md CHANGELOG.md CONTRIBUTING.md docs
.DEFAULT_GOAL := help
.PHONY: help setup run quick test slow sync reconcile gl-preview gl-profile close export migrate psql stop status clean check \
	verify health bench chaos lock

# An environment may well have names like these for something else: they count on the command line alone.
override ARGUMENTS := BEFORE SQL CONF FAULT MONTH FORMAT OUT DATE VERSION SENDER RECEIVER FILE PROFILE SHEET ENTITY CURRENCY
$(foreach name,$(ARGUMENTS),$(if $(filter command,$(origin $(name))),,$(eval override $(name) :=)))
MAKEOVERRIDES := # a command needs them once, not also in MAKEFLAGS
# What the command line gives, under whatever name, is text: make would expand a $ in it on its way into
# the commands' environment. What the environment gives is handed on as it is.
$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(eval override export $(name) := $$(value $(name)))))
export $(ARGUMENTS)

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | while IFS='	' read -r verb does; do printf '%-10s %s\n' "$$verb" "$$does"; done

setup: ## make .venv from the hash-pinned lock
	@python3 -I local/bootstrap.py >&2 # standard output is for what follows

run: setup ## set up and start the local stack, run the sync once, show the balances
	@$(PYTHON) -m local run

quick: setup ## run the unit tests: what to run while working
	@$(PYTEST) tests/unit $(addprefix --ignore=,$(SLOW))

# Half of what these do is wait for a server or for a time to pass: two more workers have the cores meanwhile.
test: setup ## run the whole test suite, offline, on a PostgreSQL, a bank and an Airflow that it starts itself
	@$(PYTEST) -n 4 --ignore=$(THIRD_PARTIES) -m "not slow"

sync: setup ## one run of qbank_balance_sync in the foreground (CONF='{…}')
	@$(PYTHON) -m local sync

reconcile: setup ## one run of qbank_reconciliation in the foreground (CONF='{…}')
	@$(PYTHON) -m local reconcile

gl-preview: setup ## show how a file from the ERP would load; loads nothing (FILE=…; PROFILE=…; DATE=…, ENTITY=…, CURRENCY=…)
	@$(PYTHON) -m local gl-preview

gl-profile: setup ## propose a profile for a file from the ERP, for you to check (FILE=…; SHEET=…)
	@$(PYTHON) -m local gl-profile

close: setup ## make the month-end close pack (MONTH=2026-10; OUT=DIR)
	@$(PYTHON) -m local close

export: setup ## export balances for an ERP: the newest, or a date's closings (FORMAT=camt052, bai2 or csv; DATE=2026-10-31; OUT=FILE)
	@$(PYTHON) -m local export

migrate: setup ## bring the ledger database to the newest schema, or print the SQL for a DBA
	@$(PYTHON) -m local migrate

psql: setup ## a psql prompt on the ledger as an analyst, or one command (SQL="…")
	@$(PYTHON) -m local psql

stop: setup ## stop the local stack
	@$(PYTHON) -m local stop

status: setup ## show what is up in the local stack
	@$(PYTHON) -m local status

clean: setup ## stop the local stack and delete its data
	@$(PYTHON) -m local clean

check: setup ## format, lint, types, spelling, tests, third-party servers and a few faults: what CI runs
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m mypy
	@$(PYTHON) -m mypy local
	@$(PYTHON) -m codespell_lib $(CODE)
	@$(PYTHON) -m codespell_lib -D - -D .vocabulary $(PROSE)
	@$(MAKE) test
	@$(PYTEST) $(THIRD_PARTIES)
	@$(PYTHON) -m chaos --short

slow: setup ## run the slow tests: a month of hours, many publishers, large files
	@$(PYTEST) --ignore=$(THIRD_PARTIES) -m slow

verify: setup ## recompute the chain of seals over the ledger
	@$(PYTHON) -m local verify

health: setup ## print the ledger's health in counts; exit code 0 when healthy
	@$(PYTHON) -m local health

bench: setup ## run the benchmark beside its peers, and write docs/benchmarks.md (BEFORE=commit to compare with)
	@$(PYTHON) -m benchmarks $(if $(BEFORE),--before "$$BEFORE")

chaos: setup ## inject the faults one by one, within a time limit (FAULT=name for one)
	@$(PYTHON) -m chaos

lock: setup ## pin the requirements and their dependencies again, with hashes
	@$(COMPILE) --output-file requirements.lock requirements.txt
	@$(COMPILE) --output-file requirements-dev.lock --constraints requirements.lock requirements-dev.txt
	@$(COMPILE) --output-file local/uv.txt local/uv.txt
	@for peer in benchmarks/peers/*.txt; do $(COMPILE) --output-file $$peer $$peer; done
