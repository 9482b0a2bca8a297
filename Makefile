# Every recipe is one step of continuous integration; `make check` is all of them.

.PHONY: check format lint doc test bench recipe

check: format lint doc test

format:
	cargo fmt --all --check

lint:
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

test:
	cargo test --workspace --locked

bench:
	cargo bench -p chunkwise --bench engine

recipe:
	cargo run --release -p chunkwise-cli -- recipe
