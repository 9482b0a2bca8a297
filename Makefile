# Every recipe is one step of continuous integration; `make check` is all of them.

.PHONY: check format lint doc test bench recipe

check: format lint doc test

format:
	cargo fmt --all --check

lint: .venv/bin/ruff
	cargo clippy --workspace --all-targets --locked -- -D warnings
	.venv/bin/ruff check benches examples
	.venv/bin/ruff format --check benches examples

.venv/bin/ruff:
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check ruff==0.17.6

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

test:
	cargo test --workspace --locked

bench:
	cargo bench -p chunkwise --bench engine

recipe:
	cargo run --release -p chunkwise-cli -- recipe
