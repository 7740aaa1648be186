# Holdfast in a handful of commands; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help venv run test check bench soak fmt clean
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

help:  ## Show this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

venv: .venv/.package  ## Make .venv with what the trader needs, and nothing else

run: .venv/.package  ## Trade the simulated exchange: make run [ARGS="--data FILE"]
	@$(BIN)/holdfast run $(ARGS)

test: .venv/.test  ## Run every suite: make test [ARGS="-k journal"]
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: .venv/.test  ## Format, lint, types, import contracts and the rules of the repository
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/tidy

bench: .venv/.test  ## Measure against floors and peers: make bench [ONLY=name] [OUT=file.json]
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(OUT),--out $(OUT))

soak: .venv/.test  ## Trade through faults for 100,000 orders: make soak [ORDERS=N] [OUT=file.json]
	@$(BIN)/python -m soak $(if $(ORDERS),--orders $(ORDERS)) $(if $(OUT),--out $(OUT))

fmt: .venv/.test  ## Format, and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean:  ## Remove the environment, build output and caches
	@rm -rf .venv build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache

.venv/.run: requirements/build.txt requirements/run.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory .install-venv
	@echo "Making .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) --require-hashes -r requirements/build.txt -r requirements/run.txt
	@touch $@

.venv/.package: .venv/.run pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: .venv/.package requirements/test.txt
	@echo "Installing what the tests need ..."
	@$(PIP) --require-hashes -r requirements/test.txt
	@touch $@

# Debian keeps ensurepip in a package of its own.
.PHONY: .install-venv
.install-venv: export DEBIAN_FRONTEND := noninteractive
.install-venv:
	@package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	if [ "$$(id -u)" = 0 ]; then as=""; else as="sudo -n"; fi; \
	command -v apt-get >/dev/null && { [ -z "$$as" ] || $$as true 2>/dev/null; } || \
	  { echo "$(PYTHON) cannot make an environment: install the package $$package." >&2; exit 2; }; \
	echo "Installing $$package ..."; \
	$$as apt-get update -qq && $$as apt-get install -y -qq $$package >/dev/null
