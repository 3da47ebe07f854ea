# One command each. `make` alone lists them.
# PYTHON chooses the interpreter that makes the environment: make setup PYTHON=python3.12

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up
# More pytest arguments: make test ARGS="tests/corpus -x"
ARGS   ?=

# Test files with tests that need the machine for themselves.
SERIAL_FILES = $(shell grep -rl --include='test_*.py' 'mark\.serial' tests)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench race clean

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: $(STAMP)  ## make .venv with everything that running, checking and testing need

# Runs again only when one of these files is newer than the stamp. The stamp is written last, so an
# interrupted set-up goes on the next time.
$(STAMP): pyproject.toml requirements/base.txt requirements/dev.txt
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
		echo "make setup: no interpreter called '$(PYTHON)' here. danlu needs Python 3.11 or newer;" \
		     "name one: make setup PYTHON=python3.11" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make setup: '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1); danlu needs Python 3.11 or newer." \
		     "Install one and name it: make setup PYTHON=python3.11" >&2; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)  ## the whole way from text to model, in a few minutes
	$(BIN)/danlu demo

# Two workers with one thread each fill two cores; then the tests that measure time have both cores (left out when
# ARGS names some tests).
test: $(STAMP)  ## every test
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m pytest \
		-n 2 --dist loadfile -m "not serial" $(ARGS)
	@if [ -n "$(SERIAL_FILES)" ] && [ -z "$(ARGS)" ]; then \
		$(BIN)/python -m pytest -m serial $(SERIAL_FILES); fi

check: $(STAMP)  ## format, lint, types, house rules; changes nothing
	$(BIN)/ruff format --check --output-format concise --quiet .
	$(BIN)/ruff check --output-format concise --quiet .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -p no:xdist tests/test_house_rules.py

format: $(STAMP)  ## write the format and the mends that ruff can make by itself
	$(BIN)/ruff check --quiet --fix-only .
	$(BIN)/ruff format --quiet .

# TEXT: Tiny Shakespeare, for the character race; FILES: texts, for the speed of corpus work.
bench: $(STAMP)  ## the races; each prints one line of JSON: make bench TEXT=FILE FILES="FILE..."
	$(BIN)/python benchmarks/step.py
	$(BIN)/python benchmarks/kill_resume.py
	@if [ -n "$(TEXT)" ]; then $(BIN)/python benchmarks/race_char.py "$(TEXT)"; \
		else echo "no character race: name its text with TEXT=FILE" >&2; fi
	@if [ -n "$(FILES)" ]; then $(BIN)/python benchmarks/corpus.py $(FILES); \
		else echo "no corpus race: name texts with FILES=\"FILE...\"" >&2; fi

# DATA: the folder of the texts (NAME.jsonl, or compressed). ARGS: other words for the race, such as ARGS="--minutes 1".
race: $(STAMP)  ## danlu and six other programs on the same text and time: make race DATA=FOLDER
	@if [ -z "$(DATA)" ]; then echo "make race: name the folder of the texts with DATA=FOLDER" >&2; exit 2; fi
	$(BIN)/python benchmarks/race.py --data "$(DATA)" $(ARGS)

clean:  ## remove caches and build output; runs/ and .venv stay
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
