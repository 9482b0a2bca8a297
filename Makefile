# Every recipe is one step of continuous integration; `make check` is all of them.
#
# Python's side lives in .venv: the package in release mode as users install it, and the tools that check it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUST_SOURCES := $(shell find crates Cargo.toml Cargo.lock pyproject.toml -type f)
PACKAGE := $(RUST_SOURCES) $(shell find python -name '*.py' -o -name '*.pyi')

.PHONY: recipe recipe-rust check format lint doc test-rust install docs stubs names check-stubs \
	check-names test-client test-python notebook develop bench test

# The main job.

recipe: $(VENV)/installed
	$(BIN)/python examples/recipe.py

recipe-rust:
	cargo run --release --locked -p chunkwise-cli -- recipe

# What every change must pass.

check: format lint doc test-rust check-stubs check-names docs notebook test-client test-python

format: $(VENV)/tools
	cargo fmt --all --check
	$(BIN)/ruff format --check .

lint: $(VENV)/tools
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(BIN)/ruff check .

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

test-rust:
	cargo test --workspace --locked

check-stubs: $(VENV)/installed $(VENV)/tools
	$(BIN)/python tools/stubs.py --check
	cd tests && ../$(BIN)/python -m mypy.stubtest --mypy-config-file ../pyproject.toml \
		--allowlist ../tools/stubtest.txt --ignore-unused-allowlist chunkwise

check-names: $(VENV)/installed
	$(BIN)/python tools/names.py --check

docs: $(VENV)/installed $(VENV)/documentation
	$(BIN)/sphinx-build -W --keep-going --quiet -b html docs docs/_build/html

notebook: $(VENV)/installed $(VENV)/documentation
	$(BIN)/python tools/notebook.py --check

# The client of clusters for programs in Rust, where there is a Python that can be linked to.
test-client: $(VENV)/installed $(VENV)/tools
	$(BIN)/python tools/client.py

test-python: $(VENV)/installed $(VENV)/tools
	$(BIN)/python -m pytest

test: test-rust test-client test-python

# Files that are made from the package.

stubs: $(VENV)/installed $(VENV)/tools
	$(BIN)/python tools/stubs.py

names: $(VENV)/installed
	$(BIN)/python tools/names.py

# The environment. A stamp is older than what it was made from: then it is made again.

install: $(VENV)/installed

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python $(PACKAGE)
	$(PIP) .
	touch $@

$(VENV)/tools: $(BIN)/python tests/requirements.txt
	$(PIP) -r tests/requirements.txt
	touch $@

$(VENV)/documentation: $(BIN)/python docs/requirements.txt
	$(PIP) -r docs/requirements.txt
	touch $@

# For work on the package: its Python source is used as it lies, the native module built for debugging.
develop: $(VENV)/tools
	$(PIP) 'maturin>=1.9,<2'
	$(BIN)/maturin develop --quiet
	touch $(VENV)/installed

bench:
	cargo bench -p chunkwise --bench engine
