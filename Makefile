# Everything a person types. The environment is built into .venv from the lock files the first time it is needed.

PYTEST := .venv/bin/pytest
# A file's tests stay together, because they share what is dear to make; the longest files begin first.
WORKERS := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# DATABASE=postgres: beside a PostgreSQL server of their own, from the development environment or POSTGRES_BIN.
BESIDE := $(if $(filter postgres,$(DATABASE)),.venv/bin/python -m tools.postgres)
KIND := $(if $(BESIDE),dev,run)
FAST := core wire store http web
# Stages of their own: what needs a browser, and what runs whole programs, built packages and simulated seasons.
BROWSER := browser
SYSTEM := simulation stories packaging
WORLDS := $(addprefix tests/simulation/test_,rough.py clocks.py copies.py backups.py moves.py)
export CHROMIUM
# Programs are started by the hundred: each of them would compile all modules again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo story fast test test-portable test-postgres test-browser test-system durations years lint format check bench drill fuzz soak lives review docs docs-check lock \
	dists clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: .venv/.stamp-$(KIND) ## start everything in one process, with data to play with (Ctrl-C ends it; DATABASE=postgres)
	@$(BESIDE) .venv/bin/tenure demo

story: .venv/.stamp-$(KIND) ## tell the main job through the real programs, one line per step (DATABASE=postgres)
	@$(BESIDE) .venv/bin/tenure story

fast: .venv/.stamp-dev ## in a minute: lint of changed files, types, quick tests of core, wire, store, http and web
	@{ git diff --name-only --diff-filter=d HEAD; git ls-files --others --exclude-standard; } | grep '\.py$$' | sort -u \
		| xargs -r sh -c '.venv/bin/ruff format --check --force-exclude "$$@" && .venv/bin/ruff check --force-exclude "$$@"' ruff
	@.venv/bin/mypy
	@$(PYTEST) $(WORKERS) -m "not slow" $(addprefix tests/,$(FAST))

test: .venv/.stamp-dev ## run the tests but for the two stages below (ROOM=site: only tests/site, whichever it is)
	@if [ "$$(id -u)" = 0 ]; then echo "As root: the PostgreSQL tests add the system user 'pgserver' and open the" \
		"folders above this checkout for reading. As any other user they do neither."; fi
	@$(if $(filter $(BROWSER),$(ROOM)),tools/ensure-chromium,true)
	@$(PYTEST) $(WORKERS) $(if $(ROOM),tests/$(ROOM),tests $(addprefix --ignore=tests/,$(BROWSER) $(SYSTEM)))

test-portable: .venv/.stamp-dev ## the PostgreSQL tests as on engines that spread: serializable, a fifth of commits fail, no LISTEN
	@PORTABLE=1 $(PYTEST) $(WORKERS) -m postgres tests/contract tests/server

test-postgres: .venv/.stamp-dev ## run every test of the server on PostgreSQL instead of SQLite
	@TENURE_TEST_DATABASE=postgres $(PYTEST) $(WORKERS) tests/server

test-browser: .venv/.stamp-dev ## run the tests of the pages in a real Chromium
	@tools/ensure-chromium
	@$(PYTEST) $(WORKERS) $(addprefix tests/,$(BROWSER))

test-system: .venv/.stamp-dev ## run the tests of the whole: the main job, the simulation, the built packages
	@$(PYTEST) $(WORKERS) $(addprefix tests/,$(SYSTEM))

durations: .venv/.stamp-dev ## run the tests and write down what each file takes, by which they are ordered (ROOM=site)
	@$(PYTEST) $(WORKERS) --write-durations $(ROOM:%=tests/%)

years: .venv/.stamp-dev ## simulate a year of one world of each kind; `make test-system` simulates a season of each
	@YEARS=1 $(PYTEST) $(WORKERS) $(WORLDS)

lint: .venv/.stamp-dev ## see whether format and style are right
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

format: .venv/.stamp-dev ## put format and style right, as far as that can be done by a program
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

check: lint ## style, types, architecture, locks, docs
	.venv/bin/mypy
	.venv/bin/python -m tools.locks
	.venv/bin/python -m tools.mission --check
	.venv/bin/python -m tools.packages --check
	.venv/bin/python -m tools.sizes
	.venv/bin/python -m tools.review --check
	$(PYTEST) tests/architecture

bench: .venv/.stamp-dev ## measure every figure of the quality page beside what is due (SHORT=1: less of everything)
	@.venv/bin/python -m benchmarks

drill: .venv/.stamp-dev ## kill PostgreSQL, machines and servers under load and count what was lost (DRILL=sqlite, SHORT=1)
	@.venv/bin/python -m drills $(DRILL)

fuzz: .venv/.stamp-dev ## give every parser a million inputs, each beside a parser with a defect (SHORT=1, NAME='strict JSON')
	@.venv/bin/python -m fuzz $(if $(NAME),"$(NAME)")

soak: .venv/.stamp-dev ## simulate a million device-days of the whole chain (SHORT=1: a hundred thousand)
	@.venv/bin/python -m tenure.sandbox.simulation

lives: .venv/.stamp-dev ## a hundred thousand random lives before the judge of their money (SHORT=1: two thousand)
	@.venv/bin/python -m tenure.sandbox.lives

review: .venv/.stamp-dev ## measure the source as a reviewer does: sizes, names, words, packages (LIST=1: with the places)
	@.venv/bin/python -m tools.review $(if $(LIST),--list)

docs: .venv/.stamp-dev ## write the generated pages of docs/ anew
	@.venv/bin/python -m tools.mission
	@.venv/bin/python -m tools.model
	@.venv/bin/python -m tenure.cli.reference > docs/cli.md
	@.venv/bin/python -m tools.settings
	@.venv/bin/python -m tools.commands
	@.venv/bin/python -m tools.event_table
	@.venv/bin/python -m tools.packages
	@.venv/bin/python -m tools.trips

docs-check: .venv/.stamp-dev ## see whether the generated pages are up to date
	@.venv/bin/python -m tools.mission --check

setup: .venv/.stamp-dev ## build the whole environment now (every other command does so by itself)

lock: ## resolve both pyproject.toml into the lock files (UPGRADE=1 takes the newest versions)
	@tools/lock $(if $(UPGRADE),--upgrade)

dists: .venv/.stamp-dev ## build wheel and source distribution of `tenure-sdk` and `tenure` into dist/
	@.venv/bin/python -m tools.dists

clean: ## remove the environment and all caches
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.stamp-run: requirements.lock pyproject.toml packages/tenure-sdk/pyproject.toml tools/setup
	@tools/setup run

.venv/.stamp-dev: requirements.lock requirements-dev.lock pyproject.toml packages/tenure-sdk/pyproject.toml tools/setup
	@tools/setup dev
