# make search   a whole search on handwritten digits, from nothing to runs/digits/
# make test     the test suite
# make lint     linter, formatter and type checker
# make slow     the tests that take longer
# make compat   the tests with other versions of torch, each in an environment of its own (7 GB)
# make forms    the forms that need packages of others, each in an environment of its own (6 GB)
# make timm     models in timm beside timm's own, and its and torchvision's augmentations, in an
#               environment of its own (2 GB)
# make members  200 members of each shipped space, exported and compared alone (a quarter: make slow)
# make kills    300 kills of a search and of its workers, each compared with a run without one
# make plots    the plotting library of the pages, bundled from npm by esbuild (takes Node.js)
# make editors  specs in an editor, by yaml-language-server from npm (Node 18 or newer)
# make catalogue  what is known of the components without torch and in editors, made anew
# make fuzz     20,000 mutated specs and 5,000 strings of bytes, held to docs/robustness.md
#
# SEARCH="--set search.trials=20" and TESTS=tests/language go on to the search and to pytest.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

# What `make compat` runs beside the pinned torch.
COMPAT ?= 2.14.1 2.15.0

# What `make forms` exports to, and what it installs for that.
FORMS ?= executorch litert coreml
PACKAGE_executorch := executorch==1.5.1
PACKAGE_litert := litert-torch==0.10.0
PACKAGE_coreml := coremltools==9.0

# What `make timm` compares with.
TIMM ?= timm==1.0.31 torchvision==0.28.0

# What `make editors` speaks with.
EDITORS ?= yaml-language-server@1.25.0

.PHONY: search test slow compat forms timm members kills plots fuzz editors catalogue lint format clean

search: $(INSTALLED)
	$(BIN)/archdsl search specs/spaces/digits.yaml --workers 2 $(SEARCH)

# One thread a worker: two workers that each take every core are slower than one. Compiled files
# are kept, as each worker, and each program that a test starts, would compile them anew.
test slow compat forms timm: export OMP_NUM_THREADS := 1
test slow compat forms timm: export PYTHONDONTWRITEBYTECODE :=

test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist worksteal $(TESTS)

slow: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist worksteal --slow -m slow $(TESTS)

compat: $(COMPAT:%=compat-%)

compat-%: .compat/%/.installed
	.compat/$*/bin/python -m pytest -n 2 --dist worksteal $(TESTS)

forms: $(FORMS:%=forms-%)

# Plugins of pytest that a form's package brings are none of ours.
forms-%: .forms/%/.installed
	FORM=$* PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 .forms/$*/bin/python -m pytest --slow tests/forms

timm: .timm/.installed
	.timm/bin/python -m pytest --slow tests/integrations

# FUZZ="--mutants 500 --seed 7" runs fewer, or others.
fuzz: export OMP_NUM_THREADS := 1

fuzz: $(INSTALLED)
	$(BIN)/python -m tests.fuzz $(FUZZ)

members: export OMP_NUM_THREADS := 1

members: $(INSTALLED)
	MEMBERS=200 $(BIN)/python -m pytest -n 2 --dist worksteal --slow -k members tests/exporters/test_code.py

# KILLS="--moments 10 --seed 7" kills less often, or at other moments.
kills: export OMP_NUM_THREADS := 1

kills: $(INSTALLED)
	$(BIN)/python -m tests.kills $(KILLS)

# Apache ECharts as it lies in the package, made anew: the same versions give the same bytes.
PLOTS := archdsl/views/plots

plots:
	mkdir -p .plots
	cp $(PLOTS)/package.json $(PLOTS)/bundle.mjs $(PLOTS)/echarts.entry.js .plots/
	cd .plots && npm install --no-package-lock --no-audit --no-fund && node bundle.mjs
	cp .plots/echarts.min.js .plots/LICENSES $(PLOTS)/
	cp .plots/node_modules/echarts/LICENSE .plots/node_modules/echarts/NOTICE $(PLOTS)/
	sha256sum $(PLOTS)/echarts.min.js
editors: $(INSTALLED) .editors/.installed
	$(BIN)/python -m pytest tests/editors

.editors/.installed: Makefile
	npm install --silent --no-audit --no-fund --prefix .editors $(EDITORS)
	@touch $@

# What is made from archdsl/nn and from what is registered.
catalogue: $(INSTALLED)
	$(BIN)/python -m tests.catalogue
	$(BIN)/archdsl schema > .schema.json
	mv .schema.json specs/archdsl.schema.json

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The pinned set first and archdsl without its dependencies after it, so that nothing is ever
# resolved to a version that was not tested. The build tool is in the pinned set, too.
$(INSTALLED): requirements.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "archdsl needs Python 3.11 or newer; make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The pinned set with another torch in it, and with whatever that torch brings.
.PRECIOUS: .compat/%/.installed
.compat/%/.installed: requirements.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .compat/$*
	sed 's/^torch==.*/torch==$*/' requirements.txt > .compat/$*/requirements.txt
	cp requirements-dev.txt .compat/$*/
	.compat/$*/bin/python -m pip install --quiet --requirement .compat/$*/requirements-dev.txt
	.compat/$*/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The pinned torch, and of all else what a form's package asks for: it may not take the pinned set.
.PRECIOUS: .forms/%/.installed
.forms/%/.installed: requirements.txt pyproject.toml Makefile
	$(PYTHON) -m venv .forms/$*
	.forms/$*/bin/python -m pip install --quiet $(PACKAGE_$*) \
	    $$(grep -hE '^(torch|hatchling|hypothesis|pytest)==' requirements.txt requirements-dev.txt)
	.forms/$*/bin/python -m pip install --quiet --no-build-isolation --editable .
	@touch $@

# The pinned set, and beside its torch timm without its dependencies: they would bring another one.
# The compiled part of torchvision, which timm imports, does not fit a torch for the CPU and is not
# used (tests/integrations/conftest.py).
.timm/.installed: requirements.txt requirements-dev.txt pyproject.toml Makefile
	$(PYTHON) -m venv .timm
	.timm/bin/python -m pip install --quiet --requirement requirements-dev.txt
	.timm/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	.timm/bin/python -m pip install --quiet --no-deps $(TIMM)
	@touch $@

clean:
	rm -rf .venv .compat .forms .timm .editors .plots runs build dist
