# The two commands to know: `make demo` and `make test`. Needs Python 3.11 or newer, git and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-ready
DEV := $(VENV)/.dev-ready
PYTEST := $(BIN)/pytest --numprocesses auto

.PHONY: help demo test test-fast test-e2e lint format bench lock clean

help: ## Show the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(RUN) ## Play the life of an ML repository, for real
	$(BIN)/reconciler demo $(ARGS)

test: test-fast test-e2e ## Run all tests

test-fast: $(DEV) ## Run the tests of the parts
	$(PYTEST) --dist loadfile -m "not e2e" $(ARGS)

test-e2e: $(DEV) ## Run the tests that drive the installed program
	$(PYTEST) --dist loadfile -m e2e $(ARGS)

lint: $(DEV) ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Put the code in form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(DEV) ## Measure, beside the peers that are installed
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(DEV) ## Pin all dependencies anew, with hashes and without addresses
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-header -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --group dev --quiet --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-header -o requirements-dev.txt
	$(BIN)/uv pip compile --group pyproject.toml:oracle --quiet --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-header -o requirements-oracle.txt

clean: ## Remove what the targets made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	grep -A 99 '^uv==' requirements.txt | awk 'NR > 1 && /^[a-z]/ { exit } { print }' > $(VENV)/uv.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt

$(RUN): requirements.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements.txt
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --editable .
	@touch $@

$(DEV): requirements-dev.txt $(RUN)
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@
