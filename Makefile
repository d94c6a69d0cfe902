# `make` lists the targets. CORES= CONFIG= ARGS= are passed through to the study.
PYTHON ?= python3
CORES ?=
CONFIG ?=
ARGS ?=
NAME ?=
KERNELS ?=
FULL ?=
KILLS ?= 20
BIN := .venv/bin
READY := .venv/.ready
DOCS := .venv-docs
OPTIONS := $(foreach file,$(CONFIG),--config $(file)) $(if $(KERNELS),--kernels $(KERNELS))
STUDY := $(BIN)/python -m memgen study $(if $(CORES),--cores $(CORES)) $(OPTIONS)
# What looks at results does so in the folder of the study that CONFIG= and KERNELS= name.
ENTER = top=$$PWD && folder=$$($(BIN)/python -m memgen folder $(OPTIONS)) && cd "$$folder" &&
MEMGEN = "$$top/$(BIN)/python" -m memgen
export PYTHONPATH := workflow

.DEFAULT_GOAL := help
.PHONY: help study verify relock deposit test test-all test-hpc test-portable test-envs test-paper test-container test-faults smoke plan report docs figure certify readme lint format bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

study: $(READY) ## run the whole study: all results and figures (CORES= CONFIG= ARGS=)
	@$(STUDY) -- $(ARGS)

verify: $(READY) ## did I reproduce it? files intact, and the same as the committed lock (CONFIG= KERNELS=; ARGS=--all lists all)
	@$(ENTER) $(MEMGEN) provenance verdict $(ARGS)

certify: $(READY) ## run the whole study with portable kernels; every file must have the locked bytes
	@$(MAKE) --no-print-directory study KERNELS=portable
	@$(MAKE) --no-print-directory verify KERNELS=portable ARGS=--identical

relock: $(READY) ## write provenance.lock.json from this run, for others to compare theirs with
	@$(ENTER) $(MEMGEN) provenance lock

deposit: $(READY) ## write deposit.zip: figures, tables, records, sources and the crate that describes them
	@$(ENTER) $(MEMGEN) provenance deposit

test: $(READY) ## run the tests (FULL=1: the long ones too)
	@OMP_NUM_THREADS=1 FULL=$(FULL) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

smoke: $(READY) ## run every rule at its smallest size, in three minutes
	@$(STUDY) --config configs/smoke.yaml -- $(ARGS)

figure: $(READY) ## make one figure and what it needs (NAME=task)
	@test -n "$(NAME)" || { echo "make figure: NAME is missing; allowed: a figure without its suffix, such as task or margin_heatmaps"; exit 2; }
	@$(STUDY) --figure "$(NAME)" -- $(ARGS)

plan: $(READY) ## say what a study takes before it is run: jobs, GPU-hours, memory, the end (CONFIG= ARGS=)
	@$(BIN)/python -m memgen plan $(foreach file,$(CONFIG),--config $(file)) $(ARGS)

report: $(READY) ## write report.html: figures, captions, workflow and timings
	@$(STUDY) -- --report report.html $(ARGS)

docs: $(DOCS)/.ready ## build the documentation into site/, with the figures that are here; open site/index.html
	@$(DOCS)/bin/python tools/docs/build.py

readme: $(READY) ## put the present claims and figure into README.md (KERNELS=portable: those of the committed lock)
	@$(ENTER) "$$top/$(BIN)/python" "$$top/tools/readme.py"

test-all: ## run every test there is, as root on Debian: hours, before an issue is said to be done
	@$(MAKE) --no-print-directory test FULL=1
	@$(MAKE) --no-print-directory test-portable FULL=1
	@$(MAKE) --no-print-directory test-hpc FULL=1
	@$(MAKE) --no-print-directory test-envs test-paper test-faults test-container

test-hpc: $(READY) ## run the study on a real SLURM, started here as root on Debian (FULL=1: every fault)
	@PYTHONPATH=workflow:tests $(BIN)/python tests/hpc/slurm.py
	@MEMGEN_HPC=1 FULL=$(FULL) $(BIN)/python -m pytest tests/hpc -s $(ARGS)

test-portable: $(READY) ## compare small jobs here with two emulated processors, byte by byte (FULL=1: all jobs, an hour)
	@PYTHONPATH=tests $(BIN)/python tests/debian.py qemu-user
	@MEMGEN_PORTABLE=1 FULL=$(FULL) $(BIN)/python -m pytest tests/portable -s $(ARGS)

test-envs: $(READY) ## run every rule in its own conda environment, from a channel built here
	@MEMGEN_ENVS=1 $(BIN)/python -m pytest tests/envs $(ARGS)

test-paper: $(READY) ## run all jobs of configs/paper.yaml for real, with random tiny models in its models' place
	@MEMGEN_PAPER=1 $(BIN)/python -m pytest tests/paper -s $(ARGS)

test-container: $(READY) ## build the container's image as root on Debian, and run the study in it
	@PYTHONPATH=workflow:tests $(BIN)/python tests/container/builder.py
	@MEMGEN_CONTAINER=1 $(BIN)/python -m pytest tests/container $(ARGS)

test-faults: $(READY) ## break the smoke study in every way that one machine can, and see it recover (KILLS=20)
	@MEMGEN_FAULTS=1 KILLS=$(KILLS) $(BIN)/python -m pytest tests/faults -s $(ARGS)

lint: $(READY) ## check language, style, types, rules and formatting
	@$(BIN)/codespell *.md docs workflow tests tools bench Snakefile config.yaml configs
	@$(BIN)/python tools/plain_words.py
	@$(BIN)/ruff check workflow tests bench tools docs
	@$(BIN)/ruff format --check workflow tests bench tools docs
	@$(BIN)/snakefmt --check Snakefile workflow/rules
	@$(BIN)/mypy
	@$(BIN)/python -m snakemake --lint

format: $(READY) ## put code and rules into the house's style
	@$(BIN)/ruff check --fix workflow tests bench tools docs
	@$(BIN)/ruff format workflow tests bench tools docs
	@$(BIN)/snakefmt Snakefile workflow/rules

bench: $(READY) ## measure speed against baselines, into bench/results
	@set -e; for bench in bench/*.py; do $(BIN)/python $$bench; done

lock: ## compile requirements.lock and requirements-docs.txt anew from their .in files, and write envs/*.yaml
	@$(PYTHON) tools/lock.py
	@$(PYTHON) tools/environments.py

clean: ## remove results, figures and logs, those in studies/ too, but keep .venv and downloads of pip
	@rm -rf .snakemake .study.layers studies bench/results logs report.html site $(filter-out results/README.md,$(wildcard results/*)) $(filter-out figures/README.md,$(wildcard figures/*))

$(READY): requirements.lock pyproject.toml tools/check_platform.py
	@command -v $(PYTHON) > /dev/null || { echo "make: there is no $(PYTHON); needed: Python 3.11 to 3.13 (make PYTHON=/path/to/python3.11)"; exit 2; }
	@$(PYTHON) tools/check_platform.py
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; echo "make: $(PYTHON) cannot make a virtual environment; on Debian: apt install python3-venv"; exit 2; }
	@echo "Installing the pinned packages into .venv (a few minutes, once)"
	@PYTHONPATH= $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@PYTHONPATH= $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

# Beside the study's environment, whose packages it sees: the study's lock stays what it is.
$(DOCS)/.ready: requirements-docs.txt $(READY)
	@echo "Installing what the documentation is built with into $(DOCS) (a minute, once)"
	@$(BIN)/python -m venv --clear $(DOCS)
	@PYTHONPATH= $(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.txt
	@site=$$($(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))") && \
		echo "$$site" > "$$($(DOCS)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/study.pth"
	@touch $@
