# Two commands do everything on a machine with python3, make and a compiler:
#   make learn    the main job on Breakout: a readable program from nothing, its score, and what to try next
#   make test     lint, types, layers, tests
# Others: make docs, make cover, make format, make test-slow, make pins, make clean.

PYTHON ?= python3
VENV ?= .venv
TASK ?= ALE/Breakout-v5
OUT ?= runs/$(subst :,-,$(subst /,-,$(TASK)))
ARGS ?=
MORE ?=
LEARN_ARGS ?= --steps 1000000 --holdout-episodes 10
BIN = $(VENV)/bin
SITE = $(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs

.DEFAULT_GOAL := help
.PHONY: help learn test test-slow cover docs format pins clean runtime development

help:
	@sed -n '1,4s/^# *//p' Makefile

runtime:
	@$(PYTHON) tools/environment.py $(VENV) requirements.txt

development:
	@$(PYTHON) tools/environment.py $(VENV) requirements.txt requirements-dev.txt $(MORE)

# Run again, it goes on where it was, or shows the result once more.
learn: runtime
	$(BIN)/hl learn $(TASK) --out $(OUT) $(if $(wildcard $(OUT)/hl.toml),--resume,$(LEARN_ARGS)) $(ARGS)

# Every check runs, whatever the one before it found; the tests come last.
test: development
	@failed=""; \
	$(BIN)/ruff check . || failed="$$failed lint"; \
	$(BIN)/ruff format --check . || failed="$$failed format"; \
	$(BIN)/mypy || failed="$$failed types"; \
	$(BIN)/lint-imports --no-cache || failed="$$failed layers"; \
	$(SITE) || failed="$$failed docs"; \
	$(BIN)/python -m pytest -q -n 2 $(ARGS) || failed="$$failed tests"; \
	if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

test-slow: development
	$(BIN)/python -m pytest -q -n 2 -m slow $(ARGS)

cover: development
	$(BIN)/python -m pytest -q -n 2 --cov hlearn --cov-report term:skip-covered $(ARGS)

docs: development
	$(SITE)
	@echo "build/docs/index.html"

format: development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pins: development
	$(BIN)/python tools/pin.py $(ARGS)

clean:
	rm -rf build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
