#!/usr/bin/env bash
# Usage: hack/tool.sh golangci-lint|goreleaser|cyclonedx-gomod|krew|validate-krew-manifest|k9s-0.40|k9s-0.50|k9s-0.51
#
# Prints the path of the pinned tool, and builds it first if it is missing. The tools are kept outside
# of go.mod so that their dependencies do not become ours, and per Go version, because golangci-lint rejects
# code for a newer Go version than the one it was built with. Paths are left out: an SBOM has the checksum of the
# program that wrote it.
set -euo pipefail

name=${1:?usage: hack/tool.sh golangci-lint|goreleaser|cyclonedx-gomod|krew|validate-krew-manifest|k9s-0.40|k9s-0.50|k9s-0.51}
case $name in
golangci-lint) package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint version=v2.15.0 ;;
goreleaser) package=github.com/goreleaser/goreleaser/v2 version=v2.16.0 ;; # the newest that builds with Go 1.26 and from a module proxy alone
cyclonedx-gomod) package=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod version=v1.10.0 ;;
krew) package=sigs.k8s.io/krew/cmd/krew version=v0.5.0 ;;
validate-krew-manifest) package=sigs.k8s.io/krew/cmd/validate-krew-manifest version=v0.5.0 ;;
# The last minor releases of k9s, of which the module proxy serves some patch releases only.
k9s-0.40) package=github.com/derailed/k9s version=v0.40.10 ;;
k9s-0.50) package=github.com/derailed/k9s version=v0.50.18 ;;
k9s-0.51) package=github.com/derailed/k9s version=v0.51.0 ;;
*)
  echo "hack/tool.sh: unknown tool \"$name\": see the usage at the top of the script" >&2
  exit 2
  ;;
esac

dir=${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-sts/tools/$name-$version-$(go env GOVERSION)
tool=$dir/$name
if [ ! -x "$tool" ]; then
  echo "building $name $version in $dir (takes some minutes, once per version)" >&2
  mkdir -p "$dir"
  scratch=$(mktemp -d "$dir/build.XXXXXX")
  # A line every 30 seconds shows that the build is still running. None of its output goes to the caller's
  # pipe: $(hack/tool.sh …) would otherwise wait for the last sleep.
  (while sleep 30 >/dev/null 2>&1; do echo "  still building $name, ${SECONDS}s" >&2; done) >/dev/null &
  heartbeat=$!
  trap 'kill "$heartbeat" 2>/dev/null || true; rm -rf "$scratch"' EXIT
  (cd "$scratch" && CGO_ENABLED=0 GOBIN=$scratch go install -trimpath "$package@$version" >&2)
  mv "$scratch"/* "$tool" # in one step: an incomplete tool is never found here
fi
echo "$tool"
