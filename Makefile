# Everything is installed into .venv; `make clean` removes all that was made here.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := constraints.txt
# Build requirements too: older pips hand the first variable on to them, newer ones read the second. With `LOCK=` the newest.
PINNED := $(if $(LOCK),PIP_CONSTRAINT=$(LOCK) PIP_BUILD_CONSTRAINT=$(LOCK))
PIP := $(PINNED) $(BIN)/python -m pip --disable-pip-version-check

# A file of tests stays in one process, since its tests share boxes, courses and servers.
# One thread each: two processes of two threads get in each other's way.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo test test-fast test-newest test-nbgrader lint audit records lock bench clean

help:
	@echo "make setup   install everything into $(VENV)"
	@echo "make demo    grade the example class and print its table"
	@echo "make test    style, types and tests"
	@echo "make test-fast"
	@echo "             the tests that tell most for their time, for while one writes"
	@echo "make test-newest"
	@echo "             the same with the newest of everything, in a venv of its own"
	@echo "make test-nbgrader"
	@echo "             nbgrader's own tests of autograde with our steps in it (minutes)"
	@echo "make audit   prove the exercises right"
	@echo "make records write the catalogue's public records anew"
	@echo "make lock    pin the newest of everything in $(LOCK)"
	@echo "make bench   measure a class of 1,000, beside other ways to grade"
	@echo "make clean   remove $(VENV) and caches"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "$(PYTHON) is older than 3.11. Name a newer one: make setup PYTHON=python3.12" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --editable '.[all,dev]'
	@# pip compiles what it installs but not what it links to, and a sandbox can write nothing
	$(BIN)/python -m compileall -q grader
	touch $@

demo: setup
	@$(BIN)/grader demo

test: lint
	$(PYTEST)

test-fast: setup
	$(PYTEST) -q --fast

# Ranges in pyproject.toml are wide: this shows what they come to today, before a user sees it.
test-newest:
	rm -rf .venv-newest
	$(MAKE) setup VENV=.venv-newest LOCK=
	@echo "Newer than $(LOCK) has it:"
	@.venv-newest/bin/python -m pip --disable-pip-version-check freeze --exclude-editable | tr _ - | \
	    grep -vixF "$$(sed -n 's/^\([a-z][^ ]*\).*/\1/p' $(LOCK))" || echo nothing
	$(MAKE) test VENV=.venv-newest LOCK=

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
	$(BIN)/python -m grader.reference.records

# One file for every Python and platform that we support, without a registry's address: uv resolves it, any pip reads it.
lock:
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(PYTHON) -m venv "$$folder" && "$$folder/bin/pip" install --quiet --disable-pip-version-check uv && \
	UV_CUSTOM_COMPILE_COMMAND='make lock' "$$folder/bin/uv" --quiet pip compile --upgrade --universal --python-version 3.11 \
	    --all-extras --no-emit-index-url --no-emit-find-links --output-file constraints.txt pyproject.toml constraints.in

bench: setup
	@$(BIN)/python tests/benchmarks/in_class.py

clean:
	rm -rf $(VENV) .venv-newest build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
