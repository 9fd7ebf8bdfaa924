# `make` alone says what there is. The work is done in scripts/, which can be called by themselves.

.DEFAULT_GOAL := help
.PHONY: help setup run dev check test trust fuzz api-check e2e screenshots bench

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## find or install what building needs
	@scripts/setup.sh

run: ## install what is missing, build, start the demonstration
	@scripts/run.sh

dev: ## build, run, and rebuild and reload on every change
	@scripts/dev.sh

check: ## format, lints, dependencies, spelling
	@scripts/setup.sh && scripts/check.sh

test: ## install what is missing, run every check and every test
	@scripts/test.sh

trust: ## try to break the ledger, for as long as wanted
	@scripts/trust.sh

fuzz: ## inputs nobody would think of, for as long as wanted
	@scripts/fuzz.sh

api-check: ## generated requests hold the API against its description
	@scripts/api-check.sh

e2e: ## the end-to-end tests alone
	@scripts/e2e.sh

screenshots: ## take the pictures in the documentation again
	@SCREENSHOTS=1 scripts/e2e.sh

bench: ## measure ingest, check and read times
	@scripts/bench.sh
