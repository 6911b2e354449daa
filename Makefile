# Everything runs in .venv, which the first target that needs it makes. `make help` lists the targets.

PYTHON ?= python3
PORT ?= 8001
SERVE ?= 1
BIN := .venv/bin

.PHONY: help demo test check lint types layers docs bench wheel clean

help:
	@echo "make demo    make a sample library, search it and serve it (SERVE=0: do not serve; PORT=$(PORT))"
	@echo "make test    run every test"
	@echo "make check   lint, types, import layers, generated docs, tests"
	@echo "make bench   measure: each figure with its ratio"
	@echo "make wheel   build the distribution files into dist/"
	@echo "make clean   remove .venv, the sample library and every cache"

demo: .venv/.runs
	$(BIN)/catalog demo --directory demo-library --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve,--serve)

test: .venv/.tests
	$(BIN)/python -m pytest -q

check: lint types layers docs test

lint: .venv/.tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.tests
	$(BIN)/mypy

layers: .venv/.tests
	$(BIN)/lint-imports

docs: .venv/.tests
	$(BIN)/python -m catalog.cli.reference --check docs

bench: .venv/.tests
	@for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

wheel: .venv/.tests
	$(BIN)/python -m build

clean:
	rm -rf .venv demo-library build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/.made:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "catalog needs Python 3.11 or newer: apt-get install python3, or make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" || { echo "python3 has no venv: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

.venv/.runs: .venv/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m compileall -q catalog
	@touch $@

.venv/.tests: .venv/.runs
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@
