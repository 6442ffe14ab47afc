# `make` lists the targets. Everything a target needs is built or fetched by the target itself, with nothing
# but Go, make and git on the machine. Works with the make 3.81 and bash 3.2 of macOS.

MODULE  := github.com/kubectl-sts/kubectl-sts
VERSION ?= $(shell hack/version.sh)
LDFLAGS  = -s -w -X $(MODULE)/pkg/cmd.version=$(VERSION)
BINDIR  ?= $(or $(shell go env GOBIN),$(shell go env GOPATH)/bin)

# Added to every go test call, as in: make test-e2e TESTFLAGS='-v -run Canary'
TESTFLAGS   ?=
E2E_TIMEOUT ?= 45m

# The race detector needs a C compiler; go env says 0 where there is none. It runs over the packages that are
# quick to build with it, and over fewer of their random rounds; make test-race runs it over all.
RACE       = $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
RACED     := $(wildcard pkg/sts pkg/inspect pkg/simulate pkg/plan pkg/profile pkg/print pkg/execute)
TESTCLUSTER = go -C test/cluster run ./cmd/testcluster

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build install demo docs test test-unit test-race test-cluster test-e2e test-random test-versions bench fmt lint \
	cluster-build cluster-up cluster-down snapshot krew-manifest clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z0-9-]*:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

build: ## Build bin/kubectl-sts and bin/kubectl_complete-sts
	@echo "building kubectl-sts $(VERSION)"
	@CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/kubectl-sts ./cmd/kubectl-sts
	@install -m 0755 hack/kubectl_complete-sts bin/kubectl_complete-sts

install: build ## Copy both to BINDIR (by default where go install puts programs)
	@mkdir -p '$(BINDIR)'
	install -m 0755 bin/kubectl-sts bin/kubectl_complete-sts '$(BINDIR)'
	@command -v kubectl-sts >/dev/null || echo 'note: $(BINDIR) is not on your PATH, so kubectl will not find the plugin'

demo: cluster-build ## See the plugin at work on a cluster of its own
	go -C test run ./demo

docs: ## Generate docs/reference from the commands
	go run ./hack/gendocs

test: test-unit test-cluster test-e2e ## Run all tests: unit, the test cluster, end to end

test-unit: ## Run the tests of the plugin's module, without a cluster
	@$(if $(RACE),true,echo 'no C compiler here: the race detector is off')
	$(if $(RACE),go test -short $(strip $(RACE) $(TESTFLAGS)) $(addprefix ./,$(addsuffix /...,$(RACED))))
	go test -timeout 20m $(TESTFLAGS) ./...

test-race: ## Run the same tests with the race detector over every package (needs a C compiler)
	go test -race -timeout 60m $(TESTFLAGS) ./...

test-cluster: cluster-build ## Run the tests of the test cluster itself
	go -C test/cluster test -timeout 20m $(TESTFLAGS) ./...

test-e2e: cluster-build ## Run the real binary against a real control plane
	@$(TESTCLUSTER) build --helm
	go -C test test ./versions
	go -C test test -count=1 -timeout $(E2E_TIMEOUT) $(TESTFLAGS) ./e2e/...

# So many of each are for a person who has changed what they are about; test-e2e plays fewer.
test-random: cluster-build ## Play many random rounds against a real control plane (about an hour)
	go -C test test -count=1 -timeout 3h -run 'TestDrainRace|TestClaimRaces|TestClaimWorlds|TestFidelity|TestRolloutWorlds' $(TESTFLAGS) ./e2e \
		-rollout-worlds 300 -rollout-seed 0 -race-rounds 200 -claim-race-rounds 200 -claim-worlds 400 -fidelity-rounds 1500 -fidelity-seed 0

test-versions: ## Run what has to hold on every version of Kubernetes on each, and write docs/versions.md (builds each the first time)
	go -C test run ./versions

bench: cluster-build ## Measure the plugin beside kubectl on a large cluster
	go -C test test -count=1 -timeout $(E2E_TIMEOUT) -run xxx -bench . $(TESTFLAGS) ./bench/...

fmt: ## Format the code as make lint wants it
	@golangci=$$(hack/tool.sh golangci-lint) && for module in . test/cluster test; do \
		[ ! -f $$module/go.mod ] || (cd $$module && "$$golangci" fmt --config '$(CURDIR)/.golangci.yml' ./...) || exit 1; \
	done

lint: ## gofmt, go vet, golangci-lint, tidy go.mod files, current docs
	@hack/lint.sh

cluster-build: ## Build the test cluster's programs (about 5 minutes the first time)
	@echo 'building the test cluster (on a fresh machine its tool is compiled first, which says nothing for a minute or two)'
	@$(TESTCLUSTER) build

cluster-up: ## Start a local Kubernetes and say how to reach it
	@$(TESTCLUSTER) up

cluster-down: ## Stop it
	@$(TESTCLUSTER) down

snapshot: ## Build the release archives and a krew manifest for them into dist/, publish nothing
	@goreleaser=$$(hack/tool.sh goreleaser) && "$$goreleaser" check && VERSION='$(VERSION)' "$$goreleaser" release --snapshot --clean
	@go run ./hack/krewmanifest -version v0.0.0-snapshot -checksums dist/checksums.txt -o dist/sts.yaml
	@echo 'try it: kubectl krew install --manifest=dist/sts.yaml --archive=dist/kubectl-sts_<os>_<arch>.tar.gz'

krew-manifest: ## Render krew/sts.yaml for a release: make krew-manifest RELEASE=v0.1.0 CHECKSUMS=checksums.txt
	go run ./hack/krewmanifest -version '$(RELEASE)' -checksums '$(CHECKSUMS)' -o krew/sts.yaml

clean: ## Remove what make built here (the cache in ~/.cache/kubectl-sts stays)
	rm -rf bin dist
