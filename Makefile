# `make` lists the targets. Each target builds or fetches what it needs; only Go, make and git must be
# installed. Works with make 3.81 and bash 3.2 of macOS.

MODULE  := github.com/kubectl-sts/kubectl-sts
VERSION ?= $(shell hack/version.sh)
LDFLAGS  = -s -w -X $(MODULE)/pkg/cli.version=$(VERSION)
BINDIR  ?= $(or $(shell go env GOBIN),$(shell go env GOPATH)/bin)

# Added to every go test command, for example: make test-e2e TESTFLAGS='-v -run Canary'
TESTFLAGS   ?=
E2E_TIMEOUT ?= 75m

# The race detector requires a C compiler; without one, CGO_ENABLED is 0. It is used for the packages that
# build quickly with it, and for fewer of their random rounds; make test-race uses it for all packages.
RACE       = $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
RACED     := $(wildcard pkg/sts pkg/report pkg/forecast pkg/operate pkg/profile pkg/render pkg/loop)
TESTCLUSTER = go -C test/cluster run ./cmd/testcluster

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build install demo pictures docs test test-unit test-race test-cluster test-e2e test-random test-versions test-tools mutants bench fmt lint \
	cluster-build cluster-up cluster-down snapshot release-check krew-manifest clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z0-9-]*:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

build: ## Build bin/kubectl-sts and bin/kubectl_complete-sts
	@echo "building kubectl-sts $(VERSION)"
	@CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/kubectl-sts ./cmd/kubectl-sts
	@ln -sf kubectl-sts bin/kubectl_complete-sts # kubectl runs it to complete the plugin

install: build ## Copy both to BINDIR (by default where go install puts programs)
	@mkdir -p '$(BINDIR)'
	install -m 0755 bin/kubectl-sts '$(BINDIR)'
	ln -sf kubectl-sts '$(BINDIR)/kubectl_complete-sts'
	@command -v kubectl-sts >/dev/null || echo 'note: $(BINDIR) is not on your PATH, so kubectl will not find the plugin'

demo: cluster-build ## Show the plugin on a local cluster
	@go -C test run ./demo

pictures: cluster-build ## Play the demo and take the pictures of the README
	go -C test run ./demo -pictures ../docs/pictures

docs: ## Generate docs/reference and the generated parts of other pages
	go run ./hack/gendocs

test: test-unit test-cluster test-e2e ## Run all tests: unit, the test cluster, end to end

test-unit: ## Run the unit tests, without a cluster
	@$(if $(RACE),true,echo 'no C compiler found: the race detector is disabled')
	$(if $(RACE),go test -short $(strip $(RACE) $(TESTFLAGS)) $(addprefix ./,$(addsuffix /...,$(RACED))))
	go test -timeout 20m $(TESTFLAGS) ./...

test-race: ## Run the unit tests of all packages with the race detector (requires a C compiler)
	go test -race -timeout 60m $(TESTFLAGS) ./...

test-cluster: cluster-build ## Run the tests of the test cluster itself
	go -C test/cluster test -timeout 20m $(TESTFLAGS) ./...

test-e2e: cluster-build ## Run the end-to-end tests against a real control plane
	@$(TESTCLUSTER) build --helm
	go -C test test ./versions
	go -C test test -count=1 -timeout $(E2E_TIMEOUT) $(TESTFLAGS) ./e2e/...

# For changes of the code that these rounds cover; test-e2e plays fewer of them.
test-random: cluster-build ## Run many random rounds against a real control plane (about an hour)
	go -C test test -count=1 -timeout 3h -run 'TestDrainRace|TestClaimRaces|TestClaimWorlds|TestFidelity|TestRolloutWorlds' $(TESTFLAGS) ./e2e \
		-rollout-worlds 300 -rollout-seed 0 -race-rounds 200 -claim-race-rounds 200 -claim-worlds 400 -fidelity-rounds 1500 -fidelity-seed 0

test-versions: ## Run the tests for all Kubernetes versions and write docs/versions.md (builds each version once)
	go -C test run ./versions

# The first time, goreleaser, krew, three versions of k9s and two smaller programs are built.
# TARGETS=linux_amd64 builds less.
TARGETS ?=
test-tools: ## Build a release twice and compare, install it with krew, use it in k9s (see CONTRIBUTING.md for how long)
	go -C test/tools test -count=1 -timeout 4h $(TESTFLAGS) -args -targets '$(TARGETS)'

mutants: ## Break the code in one place at a time and see that a unit test fails (some minutes)
	go run ./hack/mutants

bench: cluster-build ## Compare the plugin with kubectl on a large cluster
	go -C test test -count=1 -timeout $(E2E_TIMEOUT) -run xxx -bench . $(TESTFLAGS) ./bench/...

fmt: ## Format the code
	@golangci=$$(hack/tool.sh golangci-lint) && for module in . test/cluster test; do \
		[ ! -f $$module/go.mod ] || (cd $$module && "$$golangci" fmt --config '$(CURDIR)/.golangci.yml' ./...) || exit 1; \
	done

lint: ## Check formatting, go vet, golangci-lint, go.mod files and generated docs
	@hack/lint.sh

cluster-build: ## Build the test cluster (27 CPU minutes the first time)
	@echo 'building the test cluster (the first time its tool is compiled first, without output for a minute or two)'
	@$(TESTCLUSTER) build >/dev/null

cluster-up: ## Start a local Kubernetes cluster and print how to reach it
	@$(TESTCLUSTER) up

cluster-down: ## Stop the local Kubernetes cluster
	@$(TESTCLUSTER) down

snapshot: ## Build all files of a release and the krew manifest in dist/ without publishing
	@hack/goreleaser.sh check && VERSION='$(VERSION)' hack/goreleaser.sh release --snapshot --clean --skip=sign,ko
	@go run ./hack/krewmanifest -version v0.0.0-snapshot -checksums dist/checksums.txt -o dist/sts.yaml
	@echo 'to try it, run: kubectl krew install --manifest=dist/sts.yaml --archive=dist/kubectl-sts_<os>_<arch>.tar.gz'

release-check: ## Show what is missing for a release: make release-check RELEASE=v0.1.0
	@status=0; hack/release-check.sh '$(RELEASE)' || status=1; \
	go test ./hack/... || { echo 'missing: generated docs, manifests or descriptions that fit the code (see above)'; status=1; }; \
	hack/goreleaser.sh check || { echo 'missing: a valid .goreleaser.yaml'; status=1; }; \
	exit $$status

krew-manifest: ## Render krew/sts.yaml for a release: make krew-manifest RELEASE=v0.1.0 CHECKSUMS=checksums.txt
	go run ./hack/krewmanifest -version '$(RELEASE)' -checksums '$(CHECKSUMS)' -o krew/sts.yaml

clean: ## Remove what was built here (not the cache in ~/.cache/kubectl-sts)
	rm -rf bin build dist cmd/kubectl-sts/kodata
