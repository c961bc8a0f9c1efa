# What people type. Everything else is CMake: `cmake --preset dev && ninja -C build/dev`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := build/dev/bin

.PHONY: help deps build processes demo up down test soak bench timing asan tsan tidy check-deploy tools template check-kubernetes clean

help: ## what there is to do
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' Makefile

deps:
	@scripts/install-deps.sh

build: deps ## build everything into build/dev
	@scripts/build.sh dev

processes: deps
	@scripts/build.sh dev kasbah_processes

demo: processes ## from nothing to a guided tour over real calls; fails if any step does
	@"$(BIN)/kasbah" dev tour

up: processes ## leave it running here, with credentials and commands to try
	@"$(BIN)/kasbah" dev up --detach

down: ## stop what `make up` left running
	@"$(BIN)/kasbah" dev down

test: build ## every test but those of make soak
	@scripts/test.sh dev

soak: build ## the system killed at each step of what it does: some ten minutes
	@scripts/test.sh soak

bench: deps ## ratios against what the parts alone allow; writes bench/results.json
	@scripts/build.sh release kasbah_bench
	@scripts/bench.sh

timing: deps ## whether foreign and absent ids take the same time: minutes, on a machine that does little else
	@scripts/build.sh release kasbah_timing
	@build/release/bin/kasbah_timing

asan: deps ## unit and PostgreSQL tests under the address and undefined-behaviour sanitizers
	@scripts/build.sh asan-ubsan kasbah_unit_tests
	@scripts/test.sh asan-ubsan

tsan: deps ## the same under the thread sanitizer
	@scripts/build.sh tsan kasbah_unit_tests
	@scripts/test.sh tsan

tidy: deps ## clang-tidy over every file, or over those changed since a commit: make tidy SINCE=main
	@scripts/tidy.sh $(SINCE)

check-kubernetes: ## the chart in a cluster of its own: upgrades, outages, a drained node, under load; half an hour
	@KASBAH_KUBERNETES=1 tests/kubernetes/cluster.sh || [ $$? -eq 77 ]

check-deploy: ## the chart, Terraform, workflow and image checks alone, without compiling anything
	@cmake -S tests/deploy -B build/deploy >/dev/null
	@ctest --test-dir build/deploy --output-on-failure; status=$$?; \
	grep -h '^skipped: ' build/deploy/Testing/Temporary/LastTest.log | sort -u; exit $$status

tools: ## install the check tools that do not come from Debian (helm, buf, actionlint, checkov …)
	@scripts/install-tools.sh

template: deps ## what scripts/new-service.sh lays out, compiled and tested in a copy: minutes the first time
	@scripts/try-template.sh

clean: ## remove what was built
	rm -rf build
