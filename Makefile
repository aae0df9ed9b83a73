# Every target first gets the folder ready; that takes no time when nothing has changed.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test bench faults lint format audit upgrade lock manage clean ready ready-test

PYTHON := .venv/bin/python
WORKERS ?= auto
RUNS ?= 300
JOBS ?= 2

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: ready ## the whole thing on a local chain; ARGS="--once", ARGS="--port 8081"
	@exec $(PYTHON) manage.py quickstart $(ARGS)

test: lint ## lint, then every test on PostgreSQL, then those marked db on SQLite
	$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal -m "not sqlite"
	AIRDROPS_TEST_DATABASE=sqlite $(PYTHON) -m pytest -n $(WORKERS) --dist worksteal -m "db and not postgresql"

faults: ready-test ## crash matrix, random runs, races: what is missing; RUNS=300 JOBS=2 FRESH=1
	$(PYTHON) -m tests.faults --runs $(RUNS) --jobs $(JOBS) $(if $(FRESH),--fresh)

bench: ready-test ## ours beside the plainest script: throughput and requests as ratios
	$(PYTHON) -m tests.bench
	$(PYTHON) -m tests.bench.balances
	$(PYTHON) -m tests.bench.allowances
	$(PYTHON) -m tests.bench.swaps

lint: ready-test ## style, types, import contracts, missing migrations
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy .
	$(PYTHON) .venv/bin/lint-imports
	$(PYTHON) manage.py makemigrations --check --dry-run

format: ready-test ## let ruff put the code in order
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

lock: ## write uv.lock and package-lock.json anew; ARGS="--upgrade" for newer packages
	@sh deploy/bootstrap.sh lock $(ARGS)

audit: ready-test ## known holes in packages; the code behind "Error": 1 some, 3 unknown: nobody answers
	$(PYTHON) -m airdrops_site.upkeep.dependencies

upgrade: ## the newest packages that fit into both locks, then every test
	@sh deploy/bootstrap.sh lock --upgrade
	$(MAKE) test

manage: ready ## any command of manage.py; ARGS="health --json"
	@exec $(PYTHON) manage.py $(ARGS)

clean: ## remove what was installed and cached; data/ stays
	rm -rf .venv .tools node_modules staticfiles .hypothesis
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -path ./data -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

ready:
	@sh deploy/bootstrap.sh run

ready-test:
	@sh deploy/bootstrap.sh test
