.DEFAULT_GOAL := help
.PHONY: without-pip help demo up test test-fast test-one same-results check format peers clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

help: ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

# an environment that another tool made without pip, or that Debian left half made, is made anew
$(VENV)/run.stamp: pyproject.toml constraints.txt $(if $(wildcard $(BIN)/pip),,without-pip)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Axiomatic needs Python 3.11 or newer; say PYTHON=python3.12, for example."; exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "$(PYTHON) cannot make environments; on Debian and Ubuntu: sudo apt install python3-venv"; \
			exit 2; }; \
		test ! -e $(VENV) || echo "$(VENV) has no working pip; making it anew .."; \
		rm -rf $(VENV); \
		$(PYTHON) -m venv $(VENV); }
	@echo "Installing into $(VENV) .."
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@echo "Installing what the tests need .."
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(VENV)/run.stamp ## run the example slate through the whole house; files in out/demo
	@$(BIN)/axiomatic demo

up: $(VENV)/run.stamp ## keep an installation running on port 8000
	@$(BIN)/axiomatic up

test: $(VENV)/dev.stamp ## run every test
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

test-fast: $(VENV)/dev.stamp ## run, in under a minute, the tests that start no process
	@$(BIN)/python -m pytest --fast -n 2 --dist loadfile $(ARGS)

test-one: $(VENV)/dev.stamp ## run one file or folder: T=tests/core/lineups [ARGS="-k tail"]
	@test -n "$(T)" || { echo "Say T=.., a file or folder of tests, such as T=tests/core/lineups."; exit 2; }
	@test -e "$(firstword $(subst ::, ,$(T)))" || { echo "T=$(T): no such file or folder."; exit 2; }
	@$(BIN)/python -m pytest $(T) $(ARGS)

same-results: $(VENV)/dev.stamp ## compare the answers of two revisions: BASE=REVISION [HEAD=REVISION]
	@test -n "$(BASE)" || { echo "Say BASE=REVISION, or a file that tests.revisions.record wrote."; exit 2; }
	@REVISION_BASE="$(BASE)" REVISION_HEAD="$(HEAD)" $(BIN)/python -m pytest tests/revisions $(ARGS)

check: $(VENV)/dev.stamp ## lint, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/dev.stamp ## mend formatting and what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

peers: ## install what the benchmarks compare with, in an environment of its own
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/pip --quiet --disable-pip-version-check install setuptools -r benchmarks/peers.txt

clean: ## remove the environment and what runs leave behind
	rm -rf $(VENV) .venv-peers out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
