# Needs Python >= 3.11, git and make; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint docs bench clean

demo: .venv/installed  ## measure a model of known character, offline
	$(BIN)/mien demo

test: lint docs  ## everything that must hold
	$(BIN)/pytest -n auto

lint: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

docs: .venv/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: .venv/installed-dev  ## the tables of docs/benchmarks.md
	$(BIN)/pip install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/fit.py
	$(BIN)/python benchmarks/truth.py
	$(BIN)/python benchmarks/engine.py

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip

.venv/installed: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable '.[dev,hub]'
	touch $@ .venv/installed

clean:
	rm -rf .venv site build dist
