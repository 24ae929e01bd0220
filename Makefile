# Needs Python >= 3.11, git and make; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo craft-demo test lint docs site bench organism clean

# PyTorch goes in by itself, before whatever depends on it: a processor is enough for the tests.
TORCH ?= torch==2.13.0

demo: .venv/installed  ## measure two models of known character, offline
	$(BIN)/mien demo

craft-demo: .venv/installed-dev  ## write a character into the organism and prove it, offline, within 15 minutes
	mkdir -p craft-demo
	OMP_NUM_THREADS=1 $(BIN)/mien craft run benchmarks/organism-character.yaml \
		--model organism/v1 --teacher organism/v1 --preset small --rounds 56 \
		--store craft-demo/mien.db -o craft-demo \
		|| test -f craft-demo/proof/proof.json  # whatever it says: the character may not have taken

test: lint site  ## everything that must hold
	$(BIN)/pytest -n auto

lint: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

docs: .venv/installed-dev  ## draw the gallery anew, and build the site
	$(BIN)/python docs/gallery.py
	$(MAKE) site

site: .venv/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: .venv/installed-dev  ## the tables of docs/benchmarks.md
	$(BIN)/pip install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/fit.py
	$(BIN)/python benchmarks/truth.py
	$(BIN)/python benchmarks/adaptive.py
	$(BIN)/python benchmarks/judges.py
	$(BIN)/python benchmarks/diffs.py
	$(BIN)/python benchmarks/compare.py
	$(BIN)/python benchmarks/panels.py
	$(BIN)/python benchmarks/consistency.py
	$(BIN)/python benchmarks/power.py
	$(BIN)/python benchmarks/stopping.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/viewer.py
	$(BIN)/python benchmarks/craft.py
	$(BIN)/python benchmarks/organism.py

organism: .venv/installed-dev  ## train the organism from nothing, within an hour on two cores
	$(BIN)/python scripts/train_organism.py

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip

.venv/installed: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet $(TORCH)
	$(BIN)/pip install --quiet --editable '.[dev,capabilities,hub,local,train,view]'
	touch $@ .venv/installed

clean:
	rm -rf .venv site build dist
