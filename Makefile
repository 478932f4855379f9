# Names for what scripts/ do; a bare `make` lists them.
PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help demo build test quick bench fuzz lint format install clean

help: ## this list
	@echo "Polysync: make <target>"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

demo: ## build, start the sandbox, run a job on each of the four platforms, kill a server in the middle of its work
	@./scripts/demo

build: ## the release binary, build/release/src/polysync
	@./scripts/build

test: ## everything that continuous integration runs
	@./scripts/test

quick: ## the tests of a development build and the style checks only
	@./scripts/test --quick

bench: ## figures against other AWS clients (installs them)
	@./scripts/bench

fuzz: ## fuzz every parser; FUZZ_SECONDS=60 each
	@./scripts/fuzz

lint: ## formatting, include directions, file sizes, forbidden constructs
	@./scripts/lint

format: ## format every C++ file
	@./scripts/lint --fix

install: ## build, and install the stripped binary below PREFIX (/usr/local)
	@./scripts/build
	@cmake --install build/release --strip --prefix "$(DESTDIR)$(PREFIX)"

clean: ## remove build/
	@rm -rf build
