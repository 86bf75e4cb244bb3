# Two commands: `make repro` runs the study, `make test` runs every test. `make help` lists the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
# not abspath, which takes a path with spaces for several
BIN := $(if $(filter /%,$(firstword $(VENV))),$(VENV),$(CURDIR)/$(VENV))/bin
export PATH := $(BIN):$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 3
export DVC_NO_ANALYTICS := 1

.DEFAULT_GOAL := help
.PHONY: help repro show verify lock test test-fast lint format prune bench pins doctor torture

help:  ## list what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 14

repro: $(VENV)/.runtime  ## run the study, or what changed of it: make repro [PROFILE=paper]
	@$(if $(PROFILE),python -m tools.profile $(PROFILE))
	@python -m evidrift.params params.yaml
	@python -m tools.prune params.yaml --check
	@python -m tools.cohort params.yaml
	@python -m evidrift repro
	@cat data/compare/study.txt

show: $(VENV)/.runtime  ## print the study's tables again
	@cat data/compare/study.txt 2>/dev/null || { echo "There is no study yet: make repro" >&2; exit 1; }

prune: $(VENV)/.runtime  ## delete outputs of architectures, seeds and families that left the grid
	@python -m tools.prune params.yaml

doctor: $(VENV)/.runtime  ## check before a long run what could stop it: make doctor [FIX=1] [REMOTE=store]
	@python -m tools.doctor $(if $(FIX),--fix) $(if $(REMOTE),--remote $(REMOTE))

verify: $(VENV)/.runtime  ## run the tiny study in a clone: how many outputs have the bytes of locks/tiny.lock
	@python -m tools.verify --profile tiny

lock: $(VENV)/.runtime  ## make locks/tiny.lock anew, when its outputs are to change
	@python -m tools.verify --profile tiny --write

PYTEST := python -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder

test: $(VENV)/.peers lint  ## lint, then every test, two side by side
	$(PYTEST)

test-fast: $(VENV)/.development  ## the tests of a second or two each, two side by side, without other packages
	$(PYTEST) -m "not slow" --ignore=tests/peers

lint: $(VENV)/.development  ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

format: $(VENV)/.development  ## let ruff fix what it can
	ruff check --fix .
	ruff format .

pins: $(VENV)/.development  ## renew constraints.txt and the hashes in locks/packages: make pins [UPGRADE=1]
	python -m tools.pins $(if $(UPGRADE),--upgrade)

bench: $(VENV)/.bench  ## measure speed against what else does the same, and write the table of docs/performance.md
	python -m benchmarks.performance --write docs/performance.md

torture: $(VENV)/.development  ## try to break it: damage, kills, faults, hostile files (an hour or two)
	python -m tools.torture --write docs/reliability.md

# Every package is checked against the hashes of locks/packages (`make pins`). setuptools and wheel come first:
# they build what there is as source alone, so that no build downloads what nobody checks.
INSTALL := "$(BIN)/python" -m pip install --quiet --require-hashes --no-build-isolation
PACKAGES := locks/packages

$(VENV)/.runtime: $(PACKAGES)/build.txt $(PACKAGES)/runtime.txt pyproject.toml
	@echo "Installing into $(VENV) (a few minutes, about 3 GB) ..."
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "error: Python 3.11 is needed, $(PYTHON) is another version. Set PYTHON=/path/to/python3.11." >&2; exit 1; }
	@test -d "$(VENV)" || "$(PYTHON)" -m venv "$(VENV)"
	@$(INSTALL) --requirement $(PACKAGES)/build.txt
	@$(INSTALL) --requirement $(PACKAGES)/runtime.txt
	@"$(BIN)/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch "$@"

$(VENV)/.development: $(PACKAGES)/development.txt $(VENV)/.runtime
	@$(INSTALL) --requirement $(PACKAGES)/development.txt
	@touch "$@"

# PyTorch and two attribution packages, 0.8 GB, for the tests that compare with them. --no-deps: they would
# bring a second OpenCV and torchvision. Not by hash: among hashes pip takes PyTorch's build for CUDA, which does
# not run without gigabytes more; without them the CPU build, where there is one.
$(VENV)/.peers: requirements-peers.txt $(PACKAGES)/ray.txt $(VENV)/.development
	@"$(BIN)/python" -m pip install --quiet --no-deps --requirement requirements-peers.txt
	@$(INSTALL) --requirement $(PACKAGES)/ray.txt
	@touch "$@"

$(VENV)/.bench: $(PACKAGES)/bench.txt $(VENV)/.peers
	@$(INSTALL) --no-deps --requirement $(PACKAGES)/bench.txt
	@touch "$@"
