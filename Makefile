# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

DEBIAN_PACKAGES = libsqlite3-dev libpq-dev postgresql pkg-config python3 python3-venv
SWIFT_FILES = $(shell git ls-files '*.swift' | grep -v /Generated/)
PYTHON = $(CURDIR)/.venv/bin/python

.PHONY: setup test bench format format-check generated-check

## Installs what is missing: Debian packages by name, and Python ones in an environment of the project's own.
setup: .venv/installed
	scripts/install-packages $(DEBIAN_PACKAGES)

.venv/installed: requirements.txt
	scripts/install-packages $(DEBIAN_PACKAGES)
	test -x $(PYTHON) || python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

## Every Swift test.
test: setup
	swift build --build-tests
	PENSTOCK_PYTHON=$(PYTHON) swift test --skip-build

## What is measured, beside its peers.
bench: setup
	swift run --package-path Benchmarks -c release wire-benchmark

format:
	swift format --in-place --parallel $(SWIFT_FILES)

format-check:
	swift format lint --strict --parallel $(SWIFT_FILES)

## Generated code is what the generator writes; says so and passes where the service description is not at hand.
generated-check:
	swift run wiregen --check
