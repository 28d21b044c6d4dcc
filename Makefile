# Everything a person types. The environment is built into .venv from the lock files the first time it is needed.

PYTEST := .venv/bin/pytest
export CHROMIUM

.DEFAULT_GOAL := help
.PHONY: help setup demo story test check bench soak lives docs docs-check lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

demo: .venv/.stamp-run ## start everything in one process, with data to play with (Ctrl-C ends it)
	@.venv/bin/tenure demo

story: .venv/.stamp-run ## tell the main job through the real programs, one line per step
	@.venv/bin/tenure story

test: .venv/.stamp-dev ## run the whole test suite
	@if [ "$$(id -u)" = 0 ]; then echo "As root: the PostgreSQL tests add the system user 'pgserver' and open the" \
		"folders above this checkout for reading. As any other user they do neither."; fi
	@if [ -d tests/browser ]; then tools/ensure-chromium; fi
	@$(PYTEST) -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: .venv/.stamp-dev ## style, types, architecture, locks, docs
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/python -m tools.locks
	.venv/bin/python -m tools.mission --check
	.venv/bin/python -m tools.sizes
	$(PYTEST) tests/architecture

bench: .venv/.stamp-dev ## measure durable, verified, signed synchronisations on this machine
	@.venv/bin/python -m benchmarks

soak: .venv/.stamp-dev ## simulate a million device-days of the whole chain (SHORT=1: a hundred thousand)
	@.venv/bin/python -m tenure.sandbox.simulation

lives: .venv/.stamp-dev ## a hundred thousand random lives before the judge of their money (SHORT=1: two thousand)
	@.venv/bin/python -m tenure.sandbox.lives

docs: .venv/.stamp-dev ## write the generated pages of docs/ anew
	@.venv/bin/python -m tools.mission
	@.venv/bin/python -m tools.model
	@.venv/bin/python -m tenure.cli.reference > docs/cli.md
	@.venv/bin/python -m tools.settings

docs-check: .venv/.stamp-dev ## see whether the generated pages are up to date
	@.venv/bin/python -m tools.mission --check

setup: .venv/.stamp-dev ## build the whole environment now (every other command does so by itself)

lock: ## resolve pyproject.toml into the lock files (UPGRADE=1 takes the newest versions)
	@tools/lock $(if $(UPGRADE),--upgrade)

clean: ## remove the environment and all caches
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.stamp-run: requirements.lock pyproject.toml tools/setup
	@tools/setup run

.venv/.stamp-dev: requirements.lock requirements-dev.lock pyproject.toml tools/setup
	@tools/setup dev
