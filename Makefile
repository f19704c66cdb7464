# Everything here uses one cargo profile, so that RocksDB is built once.
CARGO ?= cargo
# Cargo, with a word every now and then of how far RocksDB is.
BUILD := scripts/build-progress $(CARGO)
FLAGS := --release --locked
# Variables of `make ratio` and `make ways`.
TERMINALS ?= 1 64 1000 5000
SECONDS ?= 10
# Simulated worlds that `make world` runs.
SEEDS ?= 1..2000
# Every case of the long tests; a plain `cargo test` tries a part of them.
export TILLGATE_TESTS := full
# The only crate that `make test` tests, as tillgate-store-core; empty: everything.
CRATE ?=
# Seconds that `make demo` runs; empty: until Ctrl-C.
DEMO_SECONDS ?=

.PHONY: help demo test build ratio ways bench-codec lint lint-bench-codec lint-fuzz doc fuzz-smoke fuzz-hour
.PHONY: deny fresh test-scripts differential schemathesis abuse faults faults-long prepare pyiso8583 ussd-peers ussd-centres ussd-ratio world cuts mutations

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

prepare:
	@scripts/prepare

build: prepare ## The binaries, in target/release
	@$(BUILD) build $(FLAGS) --workspace --bins

demo: build ## A gateway, a provider and a fleet of terminals, with the money verdict at the end
	@DEMO_SECONDS="$(DEMO_SECONDS)" scripts/demo

faults: build ## Kills, power cuts, full disk, damage and more on the real gateway, in a short form
	@scripts/faults short

faults-long: build ## The same with 1,000 kills and 100 power cuts; 15 to 30 minutes
	@scripts/faults long

abuse: build ## Honest terminals beside a hostile one and 1,000 strangers; fails when they notice
	@scripts/abuse

world: build ## Simulated worlds (SEEDS=1..2000), on all cores
	@$${CARGO_TARGET_DIR:-target}/release/tillsim world --seeds $(SEEDS)

cuts: build ## One sale of each kind, cut at every byte and killed at every step
	@$${CARGO_TARGET_DIR:-target}/release/tillsim world --cuts

mutations: ## Breaks the gateway in a copy, in one way after another, until the worlds notice
	@scripts/mutations

ifeq ($(CRATE),)
test: prepare test-scripts ## Every test; CRATE=NAME: those of one crate
	@$(BUILD) test $(FLAGS) --workspace
	$(CARGO) test $(FLAGS) --manifest-path fuzz/Cargo.toml
	$(CARGO) test $(FLAGS) --manifest-path bench/codec/Cargo.toml
else
test: prepare
	@$(BUILD) test $(FLAGS) -p $(CRATE)
endif

test-scripts:
	@scripts/prepare-test
	@scripts/build-progress-test

fresh: ## README's two commands in new Debian roots, one bare, one with half of LLVM; as root
	@scripts/fresh

ratio: build ## Sales per second beside a bare echo, under the same generator
	@$${CARGO_TARGET_DIR:-target}/release/ratio --terminals $(TERMINALS) --seconds $(SECONDS)

ways: build ## The same by each way that a sale can take, and beside a provider that is dead
	@$${CARGO_TARGET_DIR:-target}/release/ways --terminals $(TERMINALS) --seconds $(SECONDS)

ussd-ratio: build ## USSD dialogs per second beside a bare SMPP responder, and the memory of open ones
	@scripts/ussd-ratio

bench-codec: ## The codec's time and instructions beside walkers and peers, as one table
	@bench/codec/scripts/run

lint: prepare lint-bench-codec lint-fuzz ## Format and lints, as CI checks them
	$(CARGO) fmt --all --check
	@$(BUILD) clippy $(FLAGS) --workspace --all-targets -- -D warnings

lint-bench-codec:
	$(CARGO) fmt --manifest-path bench/codec/Cargo.toml --check
	$(CARGO) clippy $(FLAGS) --manifest-path bench/codec/Cargo.toml --all-targets -- -D warnings

lint-fuzz:
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy $(FLAGS) --manifest-path fuzz/Cargo.toml --all-targets -- -D warnings

deny: ## Dependencies: who may use what, licences, sources, advisories
	@scripts/deny

doc: prepare ## The documentation, warnings denied
	RUSTDOCFLAGS="-D warnings" $(BUILD) doc $(FLAGS) --workspace --no-deps

fuzz-smoke: ## Five seconds of every fuzz target, over the committed corpora
	scripts/fuzz-smoke

fuzz-hour: ## An hour of every fuzz target, all at once, and a table of what they did
	scripts/fuzz-hour

pyiso8583: ## Simulated host, listener and bridge against an independent ISO 8583 client and host
	scripts/pyiso8583
	scripts/pyiso8583-host

ussd-peers: ## Simulated USSD centre against smpplib, smpp34 and Kannel
	scripts/ussd-peers

ussd-centres: ## The gateway, with handsets on USSD centres of node-smpp and smpp34
	scripts/ussd-centres

schemathesis: ## The admin API of a gateway, fuzzed from its own description
	scripts/schemathesis

differential: ## Random messages beside pyiso8583 and smpplib, in both directions
	scripts/differential
