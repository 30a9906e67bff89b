# Everything runs in a virtual environment of its own (.venv), made on first use. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

# Versions of Keras that `make compat` tries beside the pinned one.
KERAS_LOWEST ?= 3.15.0

# Where `make gpu` runs: gpu or cpu.
DEVICE ?= gpu

# Extra arguments for pytest: make test PYTEST_ARGS="-k huber"
PYTEST_ARGS ?=

export TF_CPP_MIN_LOG_LEVEL ?= 3

.DEFAULT_GOAL := help
.PHONY: help demo test test-deep quick suite browser lint types docs gallery missing format compat gpu clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

demo: $(READY) ## run the demo
	$(PY) -m keraslosses demo

test: lint types docs quick ## lint, types, docs, then the quick tests on every backend

test-deep: $(READY) browser ## the tests that `make test` leaves out, on every backend
	@scripts/suite.sh $(PY) -m deep $(PYTEST_ARGS)

quick: export FIRST = torch
quick: $(READY) ## only the quick tests, on every backend
	@scripts/suite.sh $(PY) -m "not deep" $(PYTEST_ARGS)

suite: $(READY) browser ## all tests, quick and deep, on every backend
	@scripts/suite.sh $(PY) $(PYTEST_ARGS)

browser: # for the tests of the HTML report and of the docs
	@scripts/browser.sh

lint: $(READY) ## check format and style
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

types: $(READY) ## check types
	$(PY) -m mypy

docs: $(READY) ## build the docs into docs/_build/html; a warning is an error
	@rm -rf docs/_build/html
	$(PY) -m sphinx -q -E -W --keep-going -b html docs docs/_build/html

gallery: $(READY) ## run the examples and write docs/gallery again
	$(PY) scripts/gallery.py

missing: $(READY) ## print what a new loss still lacks
	@KERAS_BACKEND=torch $(PY) scripts/missing.py

format: $(READY) ## rewrite the files in the format that lint wants
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

compat: ## the tests with the lowest Keras and with keras-nightly
	scripts/compat.sh "$(PYTHON)" "$(KERAS_LOWEST)" $(PYTEST_ARGS)

gpu: ## tests, benchmark and training steps on a GPU; DEVICE=cpu runs them small, without one
	@scripts/gpu.sh "$(PYTHON)" "$(DEVICE)"

clean: ## remove the environments and everything built
	rm -rf $(VENV) .venv-compat-* docs/_build docs/api build dist gpu-results .mypy_cache .pytest_cache .ruff_cache .hypothesis .jax_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@echo "environment: creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "environment: installing the packages (a minute or more)"
	@$(PY) -m pip install -qq --disable-pip-version-check --no-compile --editable ".[dev]"
	@echo "environment: compiling them"
	@$(PY) -m compileall -qq -j 0 $(VENV)/lib || true # some packages ship files for other versions of Python
	@touch $@
	@echo "environment: done"
