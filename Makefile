# make run           set up, run the shipped sample, say where the marts are
# make test          set up, linters, types, the tests that need nothing else installed; with TESTS=all those below, too
# make test-marked   the tests that need Chromium, PostgreSQL, axe, deltalake, an object storage or an older DuckDB (the last four installed apart)
# make check         linters and types only
# make lock          write requirements.txt anew from pyproject.toml, with uv
# make clean         remove .venv and caches; data/ is never touched

VENV := .venv
PYTHON := $(VENV)/bin/python
# What was installed last; equal to requirements.txt when there is nothing to do.
INSTALLED := $(VENV)/installed.txt
MARKED := browser or postgres or reader or delta or objectstore
NEVER := spark or node or superset or workers
READERS := $(VENV)/readers
AXE := $(VENV)/axe
STORAGE := $(VENV)/storage
EQUIPPED := WM_TEST_DUCKDB_1_4=$(CURDIR)/$(READERS) WM_TEST_AXE=$(CURDIR)/$(AXE) WM_TEST_STORAGE=$(CURDIR)/$(STORAGE)
# What `make test` runs. With all tests others compute while a browser or a server is
# waited for.
ifeq ($(TESTS),all)
PREPARED := equip
SELECTED := not ($(NEVER))
TOLD := $(EQUIPPED)
else
PREPARED := setup
SELECTED := not ($(MARKED) or $(NEVER))
TOLD :=
endif
# Ends before the interpreter's teardown, where DuckDB's binding prints pages of
# leak warnings: pytest's own closing line stays the last one.
PYTEST := $(PYTHON) -c 'import atexit, os, sys, pytest; code = pytest.main(sys.argv[1:]); \
	atexit._run_exitfuncs(); sys.stdout.flush(); sys.stderr.flush(); os._exit(code)'
# Tests wait for the disk at every commit and fsync. A folder in memory spares them that,
# where there is one with room (they use 0.3 GB) and memory to spare.
MEMORY := /dev/shm
IN_MEMORY = $(shell test "$$(df -Pk $(MEMORY) 2>/dev/null | awk 'NR == 2 {print $$4}')" -gt 1000000 \
	-a "$$(awk '/^MemAvailable/ {print $$2}' /proc/meminfo 2>/dev/null)" -gt 4000000 2>/dev/null \
	&& echo TMPDIR=$(MEMORY))
WORKERS = $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 1, 5))')
SIDE_BY_SIDE = -n $(WORKERS) --dist worksteal
SAMPLE := --from 2026-03-01 --to 2026-04-14 --reason "first run of the sample"

.PHONY: help setup run test test-marked equip check lint lock clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

run: setup
	@$(PYTHON) -m flows backfill $(SAMPLE)
	@echo
	@echo "Marts:   $(CURDIR)/data/published/marts.duckdb (the same as Parquet: $(CURDIR)/data/published/parquet)"
	@echo "Report:  $(CURDIR)/data/published/report/index.html"
	@echo "Ask:     $(PYTHON) -c \"import duckdb; print(duckdb.connect('data/published/marts.duckdb', read_only=True).sql('select campaign_id, engagements, genuine_engagements from campaigns'))\""

# The slow linters run beside the tests. What they find is told last and fails; else
# pytest's own closing line is the last one. Tests wait for servers and for the disk at
# times: one more of them runs than there are cores.
test: $(PREPARED)
	@$(PYTHON) -m ruff check --quiet .
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	$(MAKE) --no-print-directory lint >"$$said" 2>&1 & linters=$$!; \
	failed=0; $(TOLD) $(IN_MEMORY) $(PYTEST) $(SIDE_BY_SIDE) -m "$(SELECTED)" || failed=$$?; \
	wait $$linters || { failed=$$?; cat "$$said"; echo "sqlfluff or mypy found what stands above" >&2; }; \
	exit $$failed

test-marked: equip
	@$(EQUIPPED) $(IN_MEMORY) $(PYTEST) $(SIDE_BY_SIDE) -m "$(MARKED)"

# What the marked tests need besides.
equip: setup
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { echo "PostgreSQL is missing: sudo apt-get install postgresql" >&2; exit 1; }
	@command -v chromium >/dev/null || { echo "Chromium is missing: sudo apt-get install chromium" >&2; exit 1; }
	@test -d $(READERS)/duckdb || $(PYTHON) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --target $(READERS) -r requirements-readers.txt
	@test -d $(AXE)/axe_playwright_python || $(PYTHON) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --target $(AXE) -r requirements-browser.txt
	@test -d $(STORAGE)/moto || $(PYTHON) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --target $(STORAGE) -r requirements-objectstore.txt
	@$(PYTHON) -c 'import deltalake' 2>/dev/null || $(PYTHON) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements-delta.txt

check: setup
	@$(PYTHON) -m ruff check --quiet .
	@$(MAKE) --no-print-directory lint

lint:
	@$(PYTHON) -m sqlfluff lint --processes 0 sql
	@$(PYTHON) -m mypy

lock:
	@command -v uv >/dev/null || { echo "uv is missing: python3 -m pip install uv" >&2; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group dev pyproject.toml -o requirements.txt $(UPGRADE)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group delta -c requirements.txt -o requirements-delta.txt $(UPGRADE)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group objectstore -o requirements-objectstore.txt $(UPGRADE)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group spark -c requirements.txt -o requirements-spark.txt $(UPGRADE)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group superset -o requirements-superset.txt $(UPGRADE)

# landing/ and .key under data/ can't be made again: no target removes them.
clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find flows tasks tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The lock is whole: pip need not ask each package what it depends on.
# pip compiles on one core: all cores do it after it, so that no command has to, where
# bytecode can't be written later. Files of packages that no Python can read are passed
# over, and the packages' own tests.
setup:
	@if ! cmp -s requirements.txt $(INSTALLED) || ! $(PYTHON) -c '' 2>/dev/null; then \
		set -e; \
		for python in python3 python3.14 python3.13 python3.12 python3.11 none; do \
			$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
		done; \
		if [ $$python = none ]; then \
			echo "Python 3.11 or newer is missing: sudo apt-get install python3 python3-venv" >&2; exit 1; \
		fi; \
		if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "$$python has no venv module: sudo apt-get install $$python-venv" >&2; exit 1; \
		fi; \
		$(PYTHON) -m pip --version >/dev/null 2>&1 || $$python -m venv --clear $(VENV); \
		echo "Installing $$(grep -c '^[a-z0-9].*==' requirements.txt) locked packages into $(VENV); once, some minutes ..."; \
		$(PYTHON) -m pip install -qq --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.txt; \
		$(PYTHON) -m compileall -q -j 0 -x '[/]tests?[/]' $(VENV)/lib >/dev/null 2>&1 || true; \
		cp requirements.txt $(INSTALLED); \
	fi
	@if grep -q '^lightgbm==' requirements.txt && [ "$$(uname)" = Linux ] \
		&& ! $(PYTHON) -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null; then \
		echo "The library libgomp is missing: sudo apt-get install libgomp1" >&2; exit 1; \
	fi
