# Everything runs in .venv, which the first target that needs it makes. `make help` lists the targets.

PYTHON ?= python3
PORT ?= 8001
SERVE ?= 1
DEMO ?= demo-library
BIN := .venv/bin
INSTALL ?= $(BIN)/python -m pip install

.PHONY: help demo browser test alpha soak lowest check lint types layers docs bench wheel clean

help:
	@echo "make demo    make a sample library, search it and serve it (SERVE=0: do not serve; PORT=$(PORT))"
	@echo "make test    run every test, on all cores; makes sure of a Chromium for those of the pages"
	@echo "make alpha   run the tests of the plugin on the newest alpha of Datasette 1.0"
	@echo "make soak    attack it for 20 minutes, with a new seed each time: kills, power cuts, forgeries, hostile answers"
	@echo "             (SEED=1: with this one; SCALE=0.1: a tenth of it; PARTS=kills; WRITE=docs/reliability.md)"
	@echo "make lowest  run the tests with the lowest versions that pyproject.toml allows"
	@echo "make check   lint, types, import layers, generated docs, tests"
	@echo "make bench   measure: each figure with its ratio"
	@echo "make wheel   build the distribution files into dist/"
	@echo "make clean   remove .venv, the sample library and every cache"

demo: .venv/.runs
	$(BIN)/catalog demo --directory $(DEMO) --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve,--serve)

# One worker more than cores: tests wait for disks, sockets and processes as well as compute, and no two share a file.
# A worker that is done takes tests from another.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(1 + (os.cpu_count() or 1))")
XDIST = -n $(WORKERS) --dist worksteal

test: .venv/.tests browser
	$(BIN)/python -m pytest -q $(XDIST)

# The tests of the pages use the system's Chromium. Where there is none and it cannot be installed, they are left out.
CHROMIUM = for name in chromium chromium-browser google-chrome; do command -v $$name && exit; done; exit 1
browser:
	@($(CHROMIUM)) >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends chromium; } || \
		echo "no Chromium: the tests in tests/browser are left out; apt-get install chromium"

soak: .venv/.tests
	$(BIN)/python -m tests.soak $(if $(SEED),--seed $(SEED)) $(if $(SCALE),--scale $(SCALE)) \
		$(if $(WRITE),--write $(WRITE)) $(PARTS)

# It may break with any release, so nothing waits for it; pip says that we ask for an older one.
alpha: .venv/.alpha
	.venv/alpha/bin/python -m pytest -q -p no:cacheprovider tests/web/test_plugin.py tests/web/test_tables.py

lowest: .venv/.lowest
	.venv/lowest/bin/python -m pytest -q $(XDIST) $(LOWEST)

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
	$(INSTALL) --quiet --editable '.[media]'
	$(BIN)/python -m compileall -q catalog
	@touch $@

.venv/.tests: .venv/.runs pyproject.toml
	$(INSTALL) --quiet --editable '.[media,s3]' --group dev
	@touch $@

.venv/.alpha: .venv/.made pyproject.toml
	$(PYTHON) -m venv .venv/alpha
	.venv/alpha/bin/python -m pip install --quiet --editable . pytest hypothesis
	.venv/alpha/bin/python -m pip install --quiet --pre --upgrade "datasette>=1.0a0"
	@touch $@

# pip resolves to the newest versions only, so uv resolves the floors and installs them into an environment of its own.
.venv/.lowest: .venv/.made pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(PYTHON) -m venv .venv/lowest
	$(BIN)/uv pip install --quiet --python .venv/lowest/bin/python --resolution lowest-direct --editable '.[media,s3]' \
		--group dev
	@touch $@
