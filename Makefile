# Two commands on a fresh machine (Linux, Python 3.11 or newer, pip, make):
#   make demo    trains, explains, certifies, checks and reports a few S5 networks
#   make test    runs the test suite
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
DEMO_MODELS ?= 6
DEMO_DIR ?= demo
# One BLAS thread a process: the arrays are small, and tests run side by side.
ONE_THREAD := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
WORKERS ?= 2

.PHONY: help demo test test-all lint types docs docs-serve reference proofs clean
help:
	@grep -E '^#   make|^[a-z-]+:.*##' Makefile | sed -E 's/^#   //; s/:.*##/\t/'

# Installed once; again only when pyproject.toml or constraints.txt change.
.venv/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "rhoset needs Python 3.11 or newer; none found"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv 2>/dev/null || \
	  { $(PYTHON) -m venv --clear --without-pip .venv && \
	    $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	  -e '.[train,cluster,test,dev]'
	@touch $@

.venv: .venv/.installed ## the virtual environment with everything that demo and test need

.venv/.docs: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

demo: .venv/.installed ## train, explain, certify, check and report a few S5 networks
	@$(ONE_THREAD) $(BIN)/python examples/demo.py --models $(DEMO_MODELS) --out $(DEMO_DIR)

test: .venv/.installed ## the test suite without the slow tests
	$(ONE_THREAD) $(BIN)/python -m pytest -m 'not slow' -n $(WORKERS) tests

test-all: .venv/.installed ## every test, with an outside verifier and runtime where they can be installed
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test-outside]'
	$(ONE_THREAD) $(BIN)/python -m pytest -n $(WORKERS) tests

lint: .venv/.installed ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed ## mypy
	$(BIN)/mypy

reference: .venv/.installed ## write docs/cli.md, api.md and errors.md from the source
	$(BIN)/python scripts/write_reference.py

docs: .venv/.docs ## the documentation site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

docs-serve: .venv/.docs ## the documentation site on http://127.0.0.1:8000
	$(BIN)/python -m mkdocs serve

clean: ## remove what the targets made
	rm -rf .venv site demo build .mypy_cache .ruff_cache

# Debian and Ubuntu packages of the proof assistant, of OCaml and of its big integers.
PROOF_PACKAGES := coq libzarith-ocaml-dev ocaml-findlib ocaml-nox make
proofs: ## compile the proofs, check what they rest on, build the extracted checker (Coq 8.16, OCaml, zarith)
	@if ! { command -v coqc && command -v ocamlfind && ocamlfind query zarith; } >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PROOF_PACKAGES) >/dev/null; \
	  else echo "make proofs needs: $(PROOF_PACKAGES) (as root: apt-get install $(PROOF_PACKAGES))"; exit 2; fi; fi
	@$(MAKE) --no-print-directory -C proofs check
