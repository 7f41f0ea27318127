# The two commands that matter: `make run` and `make test`. Neither needs root, Docker or a database.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

# Tests and demonstrations start a hundred Pythons: where the environment forbids compiled code to be kept, each would
# compile the program again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test long setup lock check style types security bench clean

run: setup
	$(BIN)/beffroi demo

# A file's tests share what the file prepares once, so a file stays on one core; the longest files come first.
test: setup check
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not long"

long: setup
	$(BIN)/pytest -m long

check: setup
	@$(MAKE) --no-print-directory -j2 style types security

style:
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests

types:
	$(BIN)/mypy

security:
	$(BIN)/bandit -q -c pyproject.toml -r src

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Beffroi needs Python 3.11 or later; $$($(PYTHON) --version) was found. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing the locked packages into $(VENV) (half a minute)..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# Only for maintainers: needs `uv` on the path.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --extra dev pyproject.toml -o requirements.lock

# Every figure of docs/benchmarks.md, on a machine that does nothing else: an hour, and the first time another to fill.
bench: setup
	mkdir -p docs/benchmarks
	$(BIN)/beffroi bench search --json --people 1000000 > docs/benchmarks/search-1000000.json
	$(BIN)/beffroi bench feed --json > docs/benchmarks/feed-100000.json
	$(BIN)/beffroi bench seal --json --people 1000000 --seconds 60 > docs/benchmarks/seal-1000000.json
	$(BIN)/beffroi bench contain --json --rounds 20 > docs/benchmarks/contain.json
	$(BIN)/beffroi bench watch --json > docs/benchmarks/watch.json
	$(BIN)/beffroi drill --seed 900000000 --runs 40 --professionals 500 --json > docs/benchmarks/drill-500.json
	for count in 10000000 100000000; do \
	  $(BIN)/beffroi bench scope --json --disclosures $$count > docs/benchmarks/scope-$$count.json || exit 1; done
	$(BIN)/python -m beffroi_region.bench.report

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
