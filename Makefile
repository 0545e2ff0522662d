# Sequela. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
CACHE ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/sequela
export CARGO_TARGET_DIR ?= $(CACHE)/target
BINARY := $(CARGO_TARGET_DIR)/debug/sequela
EXIT ?=

.PHONY: help demo test lint bench fuzz spec postgres release deny

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

postgres: # the server binaries, from Debian when they are missing
	@bash .ci/postgres

demo: postgres ## set up and run a synthetic registry; EXIT=1 stops after the reports
	cargo build --locked -p sequela
	$(BINARY) demo $(if $(EXIT),--exit)

test: postgres ## run the whole test suite
	cargo test --locked --workspace

lint: deny ## formatting, clippy with warnings denied, licences and sources of dependencies
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo deny --all-features check bans licenses sources

deny: # cargo-deny, from crates.io when it is missing
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny

bench: postgres ## speed, as ratios to floors measured in the same run
	cargo bench --locked -p sequela --bench registry
	cargo bench --locked -p survival
	cargo bench --locked -p synth --bench criteria
	cargo bench --locked -p measures --bench measures

fuzz: postgres ## fuzz the interface with a token of each role; needs Python 3
	cargo build --locked -p sequela
	BINARY=$(BINARY) bash tests/fuzz/run

spec: ## regenerate api-spec/
	cargo build --locked -p sequela
	$(BINARY) spec api-spec

release: ## the optimized binary
	cargo build --locked --release -p sequela
