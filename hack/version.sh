#!/usr/bin/env bash
# Prints the version that is built into the binary: the nearest v* tag as git describes it,
# v0.0.0-dev+<commit> if there is no tag, v0.0.0-dev outside a git checkout.
# Tags of the nested modules (test/cluster/v…) are ignored.
set -euo pipefail
cd "$(dirname "$0")/.."

if described=$(git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null); then
  echo "$described"
elif commit=$(git rev-parse --short=12 HEAD 2>/dev/null); then
  git diff --quiet HEAD 2>/dev/null || commit="$commit.dirty"
  echo "v0.0.0-dev+$commit"
else
  echo "v0.0.0-dev"
fi
