#!/usr/bin/env bash
# Usage: hack/release-notes.sh v0.1.0
# Prints what CHANGELOG.md says of the version, and fails if it says nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?usage: hack/release-notes.sh v0.1.0}
notes=$(awk -v heading="## [${version#v}]" '
  index($0, "## [") == 1 { on = index($0, heading) == 1; next }
  /^\[[^]]*\]: / { on = 0 }
  on' CHANGELOG.md)
if [ -z "${notes//[[:space:]]/}" ]; then
  echo "CHANGELOG.md has no section \"## [${version#v}]\": write it, then tag" >&2
  exit 1
fi
echo "$notes"
