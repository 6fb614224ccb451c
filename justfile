# Each recipe is cargo commands that can also be typed; logic lives in Rust.

default: lint test

fmt:
    cargo fmt --check

lint:
    cargo clippy --all-targets -- -D warnings
    cargo clippy --all-targets --no-default-features -- -D warnings

test:
    cargo test

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

supply:
    cargo deny check
    typos

bench:
    cargo bench

ci: fmt lint test doc supply
    cargo bench --no-run
