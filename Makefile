# Two commands matter: `make demo` and `make test`. Both install what is missing first.
#   make demo                            a port in a box; prints its URLs and keeps running
#   make demo HEADLESS=1 TRAVELLERS=40   as fast as the simulated world allows; exits 0 if all went by script
#   make demo PCSC=1                     lanes read passports through pcscd instead of a slot of their own
#   make test                            every test; ends with the names of those that were not run
#   make lint                            rustfmt, clippy, cargo deny
#   make interop                         readers that others wrote read our virtual chip (tests/interop)
#   make fuzz SECONDS=60                 every fuzz target for that long (tests/fuzz)
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup test demo lint interop fuzz

demo_arguments = $(if $(HEADLESS),--headless) $(if $(PCSC),--pcsc) $(if $(TRAVELLERS),--travellers $(TRAVELLERS))

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@scripts/setup.sh

test: setup
	@scripts/test.sh

# All programs of the workspace are built, since the demo starts some of them as processes of their own.
demo: setup
	@echo "demo: building (some minutes the first time)"
	@cargo build --release --workspace --bins --locked
	@cargo run --release --quiet --locked --bin demo -- $(strip $(demo_arguments))

lint: setup
	@scripts/lint.sh

interop: setup
	@cd tests/interop && CARGO_TARGET_DIR=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/interop cargo test --locked

fuzz: setup
	@scripts/fuzz.sh $(or $(SECONDS),60)
