#!/usr/bin/env bash
# Usage: hack/release-notes.sh v0.1.0
# Prints the section of CHANGELOG.md about the version, and fails if there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?usage: hack/release-notes.sh v0.1.0}
notes=$(awk -v heading="## [${version#v}]" '
  index($0, "## [") == 1 { on = index($0, heading) == 1; next }
  /^\[[^]]*\]: / { on = 0 }
  on' CHANGELOG.md)
if [ -z "${notes//[[:space:]]/}" ]; then
  echo "CHANGELOG.md has no section \"## [${version#v}]\": add it before you push the tag" >&2
  exit 1
fi
echo "$notes"
