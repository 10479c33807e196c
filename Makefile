# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0

.DEFAULT_GOAL := help
.PHONY: help run test fuzz bench bench-peers charts soak format lint docs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build what is missing and serve calls (LAN=1: https for other devices; ARGS="...": more flags)
	@Scripts/run LAN="$(LAN)" -- $(ARGS)

test: ## Run every test, real browsers included (ONLY=unit or ONLY=browser: a part)
	@Scripts/test $(ONLY)

fuzz: ## Feed made-up bytes to every parser and rewriter, 60 s each (SECONDS=n; ARGS="--keep")
	@Scripts/fuzz --seconds $(or $(SECONDS),60) $(ARGS)

bench: ## Measure everything beside its floor: tables, and JSON lines in .bench (ARGS="--quick"; ARGS="--only idle")
	@Scripts/bench $(ARGS)

bench-peers: ## Measure one stream to 50 WebRTC viewers beside Janus from Debian
	@Scripts/bench-peers $(ARGS)

charts: ## Draw what the last whole bench measured into Docs/PERFORMANCE.md
	@Scripts/bench-charts

soak: ## Forward at a steady load for 30 minutes (MINUTES=n) and watch memory and loss
	@Scripts/bench --soak $(or $(MINUTES),30)

format: ## Rewrite the Swift sources to the house format
	@swift format -i -r -p Sources Tests Fuzz Benchmarks Web Package.swift

lint: ## Check format, floors, document links
	@Scripts/lint

docs: ## Build the API reference into .build/docs
	@Scripts/docs

clean: ## Remove everything that was built here
	rm -rf .build .bench .test-output
