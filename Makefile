# Needs Python 3.11 or newer and nothing else; see docs/development.md.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
NEEDS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install demo serve lint test bench translations screenshots clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

demo: .venv/.run ## a live hotline with demo data on this machine; Ctrl-C ends it and leaves nothing running
	@$(BIN)/callcenter demo

serve: .venv/.run ## the service; PostgreSQL from DATABASE_URL, else embedded with its data in .callcenter
	@$(BIN)/callcenter serve

test: lint ## lint, types and import rules, then every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile --reruns 2 -r fER

lint: .venv/.dev ## ruff, mypy and import-linter alone
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

simulate: .venv/.dev ## SEEDS=1000 [FIRST=n]: busy days over three hosts, drawn from seeds; stops at one that fails
	@$(BIN)/python tests/simulation --seeds $(or $(SEEDS),20) --first $(or $(FIRST),1)

bench: .venv/.bench ## the benchmarks, compared with other tools in one run
	@$(BIN)/python -m benchmarks

translations: .venv/.dev ## the texts of all pages into the catalogues; what is new is empty there, to be translated
	@mkdir -p build
	$(BIN)/pybabel -q extract -F callcenter/locales/babel.cfg --no-location --sort-output --no-wrap -o build/callcenter.pot callcenter
	for locale in zh_CN zh_TW; do $(BIN)/pybabel -q update -l $$locale -D callcenter -i build/callcenter.pot -d callcenter/locales \
		--no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date || exit 1; done

screenshots: .venv/.dev ## every page of the demo as pictures, in ../screenshots: both languages, both sizes
	$(BIN)/python -m tests.e2e.screenshots ../screenshots

install: .venv/.dev ## the environment in .venv, for work on the code

clean: ## everything made here is removed, .venv too; the data in .callcenter stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was installed from, or the install is made again.
.venv/.run: $(NEEDS) | $(BIN)/python
	$(INSTALL) -e .
	@touch $@

.venv/.dev: $(NEEDS) | $(BIN)/python
	$(INSTALL) -e '.[dev,apprise,deploy,otel]'
	@touch .venv/.run $@

.venv/.bench: $(NEEDS) | $(BIN)/python
	$(INSTALL) -e '.[bench]'
	@touch .venv/.run $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11 or newer with its venv module is needed (Debian: apt install python3-venv);" \
		"name another one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
