# Everything is installed into .venv; `make clean` removes all that was made here.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help setup demo test test-nbgrader lint audit records bench clean

help:
	@echo "make setup   install everything into $(VENV)"
	@echo "make demo    grade the example class and print its table"
	@echo "make test    style, types and tests"
	@echo "make test-nbgrader"
	@echo "             nbgrader's own tests of autograde with our steps in it (minutes)"
	@echo "make audit   prove the exercises right"
	@echo "make records write the catalogue's public records anew"
	@echo "make bench   measure a class of 1,000, beside other ways to grade"
	@echo "make clean   remove $(VENV) and caches"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "$(PYTHON) is older than 3.11. Name a newer one: make setup PYTHON=python3.12" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt torch || $(PIP) install --quiet 'torch>=2.4'
	$(PIP) install --quiet --editable '.[all,dev]'
	@# pip compiles what it installs but not what it links to, and a sandbox can write nothing
	$(BIN)/python -m compileall -q grader
	touch $@

demo: setup
	@$(BIN)/grader demo

test: lint
	$(BIN)/python -m pytest

# Two of its tests are skipped by nbgrader itself: they take too long. The configuration is the one that courses have.
test-nbgrader: setup
	$(PIP) install --quiet pytest-rerunfailures requests-mock
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cd "$$folder" && \
	printf '%s\n' 'from grader.nbgrader import configure' 'c = get_config()' 'configure(c)' > nbgrader_config.py && \
	PATH="$(CURDIR)/$(BIN):$$PATH" JUPYTER_CONFIG_DIR="$$folder" \
	    python -m pytest -q -rs -p no:cacheprovider --pyargs nbgrader.tests.apps.test_nbgrader_autograde

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: setup
	@$(BIN)/grader audit

records: setup
	$(BIN)/python -m grader.records

bench: setup
	@$(BIN)/python tests/benchmarks/in_class.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
