# What developers and build machines do here. Needs Python 3.11 or newer, a C compiler and nothing else.

PYTHON ?= python3
VENV ?= .venv
EXTRA ?= dev
ARGS ?=
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')

BIN := $(VENV)/bin
READY := $(VENV)/ready-$(EXTRA)
AWAY := build/away
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# durable_rules is compiled here. Its own build leaves optimisation out, and from Python 3.13 on it
# asks for a name that Python no longer has. pip's cache is passed by: it may hold a build without.
FLAGS := import sys; print("-O2" + " -DPyEval_CallObject=PyObject_CallObject" * (sys.version_info >= (3, 13)))
define install_durable_rules
CPPFLAGS="$$CPPFLAGS $$($(1) -c '$(FLAGS)')" \
	$(1) $(PIP_INSTALL) --no-cache-dir --no-binary durable_rules durable_rules
endef

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help decide test laws bench lint format types docs docs-check coverage mutants wheel upgrade clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'PYTHON=python3.12 chooses the interpreter (for a new $(VENV)); ARGS="-k money" goes to the tests.'

decide: $(READY) ## Decide both shipped sets of cases
	$(BIN)/oversight decide cases/illustrative
	$(BIN)/oversight decide cases/ics-2025-q1

test: $(READY) ## Run the tests, with few examples of each law
	$(BIN)/python -m pytest $(ARGS)

laws: $(READY) ## Run the laws on at least 100,000 examples; SEED=1 repeats a run
	$(BIN)/python -m pytest tests/laws --hypothesis-profile=deep --hypothesis-seed=$(SEED) --at-least=100000 $(ARGS)

bench: $(VENV)/ready-bench ## Measure the speed beside that of other engines
	$(BIN)/python -m benchmarks $(ARGS)

lint: $(READY) ## Look for mistakes and for unformatted code
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(READY) ## Format the code, and mend what can be mended by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(READY) ## Check the types
	$(BIN)/mypy

docs: $(READY) ## Write again what is generated in the documentation
	$(BIN)/python docs/generate.py

docs-check: $(READY) ## Fail where the documentation is not what the code says and does
	$(BIN)/python docs/generate.py --check

coverage: $(READY) ## Run the tests and measure which branches of the engine they take
	$(BIN)/coverage run -m pytest --quiet $(ARGS)
	$(BIN)/coverage report

mutants: $(READY) ## Change the core on purpose, and list the changes that no test notices
	rm -rf mutants
	$(BIN)/mutmut run
	$(BIN)/python tools/mutants.py

wheel: $(READY) ## Build the source archive and the wheel, and test the wheel away from the checkout
	rm -rf dist $(AWAY) && mkdir -p $(AWAY)
	$(BIN)/python -m build --outdir dist >build/wheel.log 2>&1 || { cat build/wheel.log; exit 1; }
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/python -m venv $(AWAY)/venv
	@$(call install_durable_rules,$(AWAY)/venv/bin/python)
	$(AWAY)/venv/bin/python $(PIP_INSTALL) "$$(echo dist/*.whl)[test]"
	cp -R tests pyproject.toml $(AWAY)
	cd $(AWAY) && venv/bin/oversight --version && venv/bin/python -m pytest --quiet -m 'not checkout' $(ARGS)

upgrade: ## Pin the newest versions that work together in constraints.txt
	rm -rf build/upgrade && $(PYTHON) -m venv build/upgrade
	grep '^#' constraints.txt >build/constraints.txt
	build/upgrade/bin/python -m pip install --quiet --editable '.[dev,bench]'
	build/upgrade/bin/python -m pip freeze --exclude-editable >>build/constraints.txt
	mv build/constraints.txt constraints.txt

clean: ## Remove what was built and cached; keep the virtual environment
	rm -rf build dist mutants .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

# The environment is made again when what it is made from changes.
$(VENV)/ready-%: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("This needs Python 3.11 or newer, and $(PYTHON) is Python %s. Try: make PYTHON=python3.12" % sys.version.split()[0])'
	@$(PYTHON) -c 'import os, sys, sysconfig; os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")) or sys.exit("The C headers of $(PYTHON) are missing (on Debian and Ubuntu: apt install python3-dev)")'
	@echo 'Setting up $(VENV)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(call install_durable_rules,$(BIN)/python)
	@$(BIN)/python $(PIP_INSTALL) --editable '.[$*]'
	@touch $@
