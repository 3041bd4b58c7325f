# Two commands do everything: `make reproduce` and `make test`. Both make the environment first.
PYTHON ?= python3
REAL_NEWS ?= $(wildcard ../shared/real-news/dev.jsonl)
BIN := .venv/bin
STAMP := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help install reproduce update network model test lint notebooks clean

help:  ## say what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

install: $(STAMP)  ## make the environment in .venv, exactly as locked

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip check
	@touch $(STAMP)

reproduce: $(STAMP)  ## train every recipe, evaluate, compare with the published numbers (exit 1 on drift)
	$(BIN)/ceasefire-stance reproduce --reuse .cache/runs $(if $(REAL_NEWS),--real-news $(REAL_NEWS))

update: $(STAMP)  ## the same, and publish the fresh numbers in reports/ and README.md
	$(BIN)/ceasefire-stance reproduce --update --reuse .cache/runs $(if $(REAL_NEWS),--real-news $(REAL_NEWS))

network: $(STAMP)  ## tune the network anew (needs torch: the extra finetune), about fifty minutes on two cores
	$(BIN)/ceasefire-stance finetune --out .cache/network
	mkdir -p models/default
	cp .cache/network/encoder.onnx .cache/network/tokenizer.json .cache/network/encoder.json .cache/network/NOTICE models/default

model: $(STAMP)  ## train the shipped models anew (models/default, models/fast, models/holders)
	$(BIN)/ceasefire-stance train "mpnet-tuned+cues" --out models/default
	$(BIN)/ceasefire-stance train cues-tfidf-logreg --out models/fast
	$(BIN)/ceasefire-stance train-holders --out models/holders

test: $(STAMP) lint  ## lint, types, contracts, tests with coverage, notebooks, the wheel
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term
	$(MAKE) --no-print-directory notebooks

lint: $(STAMP)  ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: $(STAMP)  ## run every notebook top to bottom
	$(BIN)/python -m pytest --nbmake --nbmake-timeout=1200 --no-cov -p no:xdist -W default notebooks

clean:  ## remove the environment, caches and build products
	rm -rf .venv .cache dist build .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
