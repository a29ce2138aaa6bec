# The usual names: install run demo test lint check docs build. Everything else is in docs/.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
UPSTREAM ?=
PORT ?= 8080
ADMIN_PORT ?= 9090
# One more than there are cores: many tests wait for a process of their own.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: help install run demo install-dev test test-browser test-deploy image-check test-slow test-all lint check \
        docs lock build bench clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# Stamps carry the lock's time: a changed lock installs again, nothing else does.
$(VENV)/.runtime: $(BIN)/python requirements/runtime.txt requirements/build.txt pyproject.toml
	$(BIN)/python -m pip install -q --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(BIN)/python -m pip install -q --require-hashes -r requirements/dev.txt
	@touch $@

install: $(VENV)/.runtime  ## make the environment and install from the hash lock

run: install  ## start proxy and admin server (UPSTREAM=https://… guards a real backend)
	$(BIN)/guardrail serve --port $(PORT) --admin-port $(ADMIN_PORT) $(if $(UPSTREAM),--upstream $(UPSTREAM))

demo: install  ## start with the bundled demo companion
	$(BIN)/guardrail demo --port $(PORT) --admin-port $(ADMIN_PORT)

install-dev: $(VENV)/.dev  ## the same with tools for tests and lint

test: install-dev  ## the default suite
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not browser and not prometheus and not slow"

test-browser: install-dev  ## pages in a real Chromium
	$(BIN)/python -m pytest -m browser tests

test-deploy: install-dev  ## promtool and a real Prometheus
	$(BIN)/python -m pytest -m prometheus tests

image-check: install-dev  ## build the image with Docker or podman, run it, ask it
	$(BIN)/python -m pytest -m slow tests/deploy/test_image.py

test-slow: install-dev  ## long property and soak tests
	$(BIN)/python -m pytest -m slow tests

test-all: test test-browser test-deploy test-slow  ## everything

lint: install-dev  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test  ## what a change must pass
	$(BIN)/guardrail check
	$(BIN)/guardrail policy test

docs: install-dev  ## write the generated reference pages and schemas again
	$(BIN)/python docs/build_reference.py

lock:  ## resolve the hash locks again (needs uv)
	uv pip compile --universal --generate-hashes --no-annotate --no-header pyproject.toml -o requirements/runtime.txt
	uv pip compile --universal --generate-hashes --no-annotate --no-header requirements/build.in -o requirements/build.txt
	uv pip compile --universal --generate-hashes --no-annotate --no-header pyproject.toml requirements/dev.in -o requirements/dev.txt

build: install-dev  ## build the wheel
	$(BIN)/python -m hatchling build -t wheel

bench: install-dev  ## measure and write docs/benchmarks.md
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
