#!/usr/bin/env bash
# All checks of the code that do not run it. Continues after a failure, so that one run shows everything
# that must be fixed, and exits 1 if anything failed.
set -euo pipefail
cd "$(dirname "$0")/.."

# test/cluster/components/* are excluded: each is a main function that starts third-party code, and vetting
# them would compile all of Kubernetes once more.
modules=". test/cluster test"
failures=""

check() { # title, command...
  local title=$1
  shift
  echo "==> $title"
  "$@" || failures="$failures
  $title"
}

formatted() {
  local files
  files=$(gofmt -l .)
  [ -z "$files" ] || {
    echo "not formatted, run make fmt:"
    echo "$files"
    return 1
  }
}

docs_current() {
  local before status=0
  before=$(mktemp -d)
  [ ! -d docs ] || cp -R docs/. "$before"
  go run ./hack/gendocs || return 1
  diff -r "$before" docs || {
    echo "docs/ was out of date and has been regenerated: review and commit it"
    status=1
  }
  rm -rf "$before"
  return $status
}

lint() { # module
  (cd "$1" && "$golangci" run --config "$root/.golangci.yml" --timeout 20m ./...)
}

root=$PWD
golangci=$(hack/tool.sh golangci-lint)

check "gofmt" formatted
for module in $modules; do
  if [ ! -f "$module/go.mod" ]; then
    echo "==> $module: no such module yet, nothing to check"
    continue
  fi
  check "go mod tidy ($module)" go -C "$module" mod tidy -diff
  check "go vet ($module)" go -C "$module" vet ./...
  check "golangci-lint ($module)" lint "$module"
done
check "words (hack/words/words.txt)" go run ./hack/words
if [ -d hack/gendocs ]; then
  check "docs are current" docs_current
fi

if [ -n "$failures" ]; then
  echo "lint failed:$failures" >&2
  exit 1
fi
echo "lint: all clean"
