#!/usr/bin/env bash
# Usage: hack/goreleaser.sh ARGUMENT…
#
# Runs the pinned goreleaser, which finds the pinned program for SBOMs on its PATH.
set -euo pipefail
cd "$(dirname "$0")/.."

goreleaser=$(hack/tool.sh goreleaser)
sbom=$(hack/tool.sh cyclonedx-gomod)
PATH=$(dirname "$sbom"):$PATH exec "$goreleaser" "$@"
