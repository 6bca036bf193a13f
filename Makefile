# Everything starts here: `make book` ends in a rendered book, `make test` in a verdict.
SHELL := /bin/bash
PYTHON ?= python3
EXPERIMENT ?= miniature
export EXPERIMENT # a name that a recipe spelt out would be read by the shell
BIN := .venv/bin
# Fewer than the machine has, in a container or under taskset; the library, which says so, is there after `make env`.
CORES ?= $(shell $(BIN)/python -m xstilts_lib.common.processes)
# A system without uv gets it in a virtual environment of its own, which works where pip is externally managed.
UV := $(or $(shell command -v uv),.uv/bin/uv)

# Containers often set it, and then every process compiles torch and transformers anew, ten seconds of it.
unexport PYTHONDONTWRITEBYTECODE

# Portable arithmetic needs it from the start of a process: xstilts_lib/common/arithmetic.py says why.
ifeq ($(shell uname -m),x86_64)
export OPENBLAS_CORETYPE := Haswell
endif

.PHONY: env book test lab slides lint bench lock clean

env: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	@command -v "$(UV)" >/dev/null || { "$(PYTHON)" -m venv .uv && .uv/bin/pip install --quiet uv; }
	"$(UV)" venv --quiet --allow-existing --python "$(PYTHON)" .venv
	"$(UV)" pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	"$(UV)" pip install --quiet --python $(BIN)/python --no-deps --editable .
	$(BIN)/python -m ipykernel install --sys-prefix --name python3 --display-name "Python 3 (xstilts)" \
	  $(if $(OPENBLAS_CORETYPE),--env OPENBLAS_CORETYPE $(OPENBLAS_CORETYPE)) >/dev/null
	@touch $@

book: env
	$(BIN)/xstilts run names --cores $(CORES)
	$(BIN)/xstilts run "$$EXPERIMENT" --cores $(CORES)
	$(BIN)/xstilts book "$$EXPERIMENT"

# The workflow on the smallest experiment, every template cell by cell as a student would run it, then the tests.
test: env
	$(BIN)/xstilts run smoke --cores $(CORES)
	$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=120 notebooks
	$(BIN)/python -m pytest -n $(CORES) --dist loadscope tests

lab: env
	$(BIN)/jupyter lab notebooks

# The course, executed, a file a session, by a template of its own: nbconvert's loads its scripts from elsewhere.
slides: env
	$(BIN)/jupyter nbconvert --to slides --execute --output-dir book/_build/slides \
	  --TemplateExporter.extra_template_basedirs=notebooks/course --template slides notebooks/course/*.ipynb

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/python book/_ext/house.py

bench: env
	for program in benchmarks/*.py; do $(BIN)/python "$$program" --quick || exit 1; done

# Renews every pinned version. The lock names no download address, so that any mirror serves it.
lock:
	"$(UV)" pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --upgrade \
	  --python-version 3.11 --extra test --extra slurm --extra kubernetes pyproject.toml \
	  --output-file requirements.lock

clean:
	rm -rf runs book/_build book/runs .snakemake
