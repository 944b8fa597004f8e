# Everything a newcomer types. Each target sets up what it needs: Python 3.11 to 3.13, make and git are all that is assumed.

PYTHON ?= python3
UV_VERSION = 0.13.9
STUDIES ?= params/slough_ifp.yaml params/slough_innovation_hub.yaml params/millbrook.yaml params/halton_like.yaml params/leeds_family_valued.yaml params/audit_rr1038.yaml params/monitoring_slough.yaml params/monitoring_millbrook.yaml params/area_made_up.yaml params/area_leeds.yaml params/area_slough.yaml params/area_hertfordshire.yaml params/area_central_bedfordshire.yaml
# three on two cores: while one waits for a browser, a kill or a time limit, two others work
WORKERS ?= 3

# uv compiles nothing where this is set, and then every start pays for compiling again
export PYTHONDONTWRITEBYTECODE :=
export UV_COMPILE_BYTECODE := 1
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
# two workers on two cores: threads of linear algebra would only wait for one another
export OPENBLAS_NUM_THREADS ?= 1

UV = .uv/bin/uv
BIN = .venv/bin

.PHONY: help run test check lab setup notebooks documents lock bench clean

help:  ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

run: setup  ## run every default study; ends by naming the page to open
	$(BIN)/stepdown run $(STUDIES)

# stepdown.run is loaded first because it holds off a grammar that nbval would have jsonschema import in every worker
test: setup  ## prove it: unit tests, and every notebook against its committed outputs, side by side
	$(BIN)/pytest -o addopts="--strict-markers --import-mode=importlib" -p stepdown.run -p nbval --nbval-lax --nbval-cell-timeout 120 \
	  --nbval-current-env -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q tests notebooks

check: setup  ## lint, formats, types, and whether the lock, its export and environment.yml agree
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(UV) lock --check
	$(UV) export --quiet --locked --no-emit-project --format requirements-txt --no-header -o .venv/exported.lock
	diff -u requirements.lock .venv/exported.lock

lab: setup  ## open JupyterLab on the page that says which notebook answers what
	$(BIN)/jupyter lab --notebook-dir . --LabApp.app_settings_dir=notebooks/.lab --LabApp.default_url=/lab/tree/notebooks/00_start.md

setup: .venv/.whole  ## make the environment in .venv from uv.lock

.venv/.whole: uv.lock pyproject.toml $(UV)
	@echo 'Making the environment in .venv from uv.lock (about a minute, once) …'
	@$(UV) sync --quiet --locked --all-groups --python "$(PYTHON)"
	@touch $@

$(UV):
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo 'Stepdown needs Python 3.11, 3.12 or 3.13; name it so: make run PYTHON=python3.12'; exit 1; }
	@"$(PYTHON)" -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

notebooks: setup  ## execute the notebooks and keep their outputs, after a change that should move them
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False notebooks/*.ipynb

documents: setup  ## write again the documents that are generated
	$(BIN)/python -m stepdown.commands.documents

lock: $(UV)  ## take the newest releases that work together, and export them
	$(UV) lock --upgrade
	$(UV) export --quiet --no-emit-project --format requirements-txt --no-header -o requirements.lock

bench: setup  ## measure side by side (benchmarks/README.md)
	for each in $(basename $(notdir $(wildcard benchmarks/*.py))); do $(BIN)/python -m benchmarks.$$each || exit 1; done

clean:  ## remove the environment and what tools left behind; outputs/ stays
	rm -rf .venv .uv .pytest_cache .mypy_cache .ruff_cache .hypothesis
