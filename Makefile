# Each target sets up what it needs; a fresh machine needs Python 3.11 or newer, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-deep check format docs bench bench-matching lock clean

demo: $(READY)
	$(BIN)/edlink demo

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term

test-deep: $(READY)
	EDLINK_HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -n auto --dist loadfile -k properties

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sphinx-build -W -q --keep-going -b html docs docs/_build/html

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)
	$(BIN)/sphinx-build -W -b html docs docs/_build/html

bench: $(READY)
	$(BIN)/python benchmarks/pull.py
	$(BIN)/python benchmarks/clever.py

bench-matching: $(READY)
	$(BIN)/python benchmarks/matching.py

# The versions that were tried; run after a change of dependencies.
lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --group dev \
		--all-extras pyproject.toml -o requirements-dev.txt

$(READY): pyproject.toml requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

clean:
	rm -rf $(VENV) build dist docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis
