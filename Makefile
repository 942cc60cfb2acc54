# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

# Debian's names of what a build needs, and of what the tests need besides.
BUILD_PACKAGES = libsqlite3-dev libpq-dev libjemalloc-dev pkg-config
TEST_PACKAGES = $(BUILD_PACKAGES) postgresql pgbouncer haproxy python3 python3-venv openssl curl strace iproute2 mount faketime

SWIFT_FILES = $(shell git ls-files '*.swift' | grep -v /Generated/)
PYTHON = $(CURDIR)/.venv/bin/python
PENSTOCK = $(CURDIR)/.build/release/penstock
# Before what only root may do.
AS_ROOT = $(shell test "$$(id -u)" = 0 || echo sudo)

# Suites in which many tasks meet; what `make check-all` runs under the thread sanitizer.
CONCURRENT_SUITES = PenstockArtifactsTests|PenstockForeignTests|PenstockHTTPTests|PenstockRunnersTests|PenstockRuntimeTests|PenstockS3Tests|PenstockStoreTests|PenstockWorkerTests

.DEFAULT_GOAL := help
.PHONY: help demo test serve setup release simulate faults bench format format-check generated-check docs sanitize check-all

## Says what there is to make.
help:
	@awk '/^## / { text = substr($$0, 4) } /^[a-z-]+:/ && text { sub(/:.*/, ""); printf "%-16s %s\n", $$0, text; text = "" }' Makefile

## A partner's job fails and passes in a pipeline, start to end, on a directory of its own.
demo: release
	$(PENSTOCK) demo

## Every Swift test, the conformance tests against a release build, the simulation, the engine's thresholds, the demo.
test: setup
	scripts/test

## The service on the data directory .penstock; ARGS are added, as in ARGS="--port 8080".
serve: release
	$(PENSTOCK) serve --data-dir .penstock $(ARGS)

## Installs what is missing: Debian packages by name, Python ones in an environment of the project's own.
setup: .venv/installed
	@scripts/require-swift
	@scripts/install-packages $(TEST_PACKAGES)

.venv/installed: requirements.txt
	scripts/install-packages $(TEST_PACKAGES)
	test -x $(PYTHON) || python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

## The executable, optimised.
release:
	@scripts/require-swift
	@scripts/install-packages $(BUILD_PACKAGES)
	swift build -c release --product penstock

## A thousand seeds of what may happen to pipelines, or SEEDS of them; ARGS are added, as in ARGS="--seed 7".
simulate:
	@scripts/require-swift
	@scripts/install-packages $(BUILD_PACKAGES)
	swift build -c release --product penstock-simulation
	.build/release/penstock-simulation --seeds $${SEEDS:-1000} $(ARGS)

## Hundreds of faults of every kind, under load; ARGS are added, as in ARGS="--kind disk --seed 7" or ARGS="--short".
faults: setup release
	cd Conformance && $(AS_ROOT) env PENSTOCK_EXECUTABLE=$(PENSTOCK) $(PYTHON) -m faults --self-check
	cd Conformance && $(AS_ROOT) env PENSTOCK_EXECUTABLE=$(PENSTOCK) $(PYTHON) -m faults $(ARGS)
	PENSTOCK_EXECUTABLE=$(PENSTOCK) PENSTOCK_POWER_ROUNDS=10 $(PYTHON) -m pytest -c Conformance/pytest.ini Conformance/test_power_loss.py -s

## The tables of speed, measured here and now beside ceilings and peers; BENCH="--only a store" measures less.
bench: setup release Benchmarks/.venv/installed
	swift build -c release --product store-benchmark
	swift build -c release --product engine-benchmark
	swift build -c release --static-swift-stdlib --package-path Benchmarks
	scripts/run-benchmarks $(BENCH)

Benchmarks/.venv/installed: Benchmarks/peers/requirements.txt
	scripts/install-packages $(TEST_PACKAGES)
	scripts/install-peers

## Formats every source.
format:
	swift format --in-place --parallel $(SWIFT_FILES)

## Refuses sources that are not formatted.
format-check:
	swift format lint --strict --parallel $(SWIFT_FILES)

## Generated code is what the generator writes; passes where the service description is not at hand, and says so.
generated-check:
	swift run -c release wiregen --check

## The products' documentation, in .build/docs; a warning is an error.
docs: setup
	scripts/document

## The suites in which many tasks meet, under the thread sanitizer, in a build of their own.
sanitize: setup
	rm -rf .build-thread-sanitizer/reports && mkdir -p .build-thread-sanitizer/reports
	TSAN_OPTIONS="exitcode=0 log_path='$(CURDIR)/.build-thread-sanitizer/reports/report'" PENSTOCK_PYTHON=$(PYTHON) \
		swift test --scratch-path .build-thread-sanitizer --sanitize=thread --disable-xctest \
		--filter '^($(CONCURRENT_SUITES))\.'
	find .build-thread-sanitizer/reports -type f -exec scripts/explain-races {} +

## Everything: what CI checks, then the long checks.
check-all: format-check test generated-check docs sanitize faults bench
