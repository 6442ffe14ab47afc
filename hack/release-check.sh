#!/usr/bin/env bash
# Usage: hack/release-check.sh v0.1.0
#
# Prints what is missing for the release of the version, one line each, and exits 1 if anything is.
# make release-check adds the checks that compile.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:-}
[[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || {
  echo "usage: hack/release-check.sh v0.1.0 (make release-check RELEASE=v0.1.0)" >&2
  exit 2
}

status=0
missing() {
  echo "missing: $*"
  status=1
}

[ -z "$(git status --porcelain)" ] || missing "a clean work tree: git status lists changes"

hack/release-notes.sh "$version" >/dev/null 2>&1 || missing "the section \"## [${version#v}]\" in CHANGELOG.md"
unreleased=$(awk '/^## \[/ { on = index($0, "## [Unreleased]") == 1; next } on && NF' CHANGELOG.md)
[ -z "$unreleased" ] || missing "an empty section \"## [Unreleased]\" in CHANGELOG.md: its lines belong to the version"

! grep -q "no release yet" examples/ci/install-sts.sh || missing "the installation in examples/ci/install-sts.sh: it says that there is no release yet"
! grep -q "no release yet" README.md || missing "the installation in README.md: it says that there is no release yet"

grep -q "^  version: $version\$" krew/sts.yaml || missing "version $version in krew/sts.yaml: make krew-manifest RELEASE=$version"

if ! commit=$(git rev-parse --quiet --verify "refs/tags/$version^{commit}"); then
  missing "the tag, when nothing else is missing: git tag -a $version -m $version && git push origin $version"
elif [ "$commit" != "$(git rev-parse HEAD)" ] && ! git merge-base --is-ancestor "$commit" HEAD; then
  missing "the tag $version in the history of this commit: it is on $commit"
elif grep -q 'sha256: "0*"$' krew/sts.yaml; then
  missing "the checksums in krew/sts.yaml: make krew-manifest RELEASE=$version CHECKSUMS=checksums.txt, with the file of the release"
fi

cat <<END
not checked here: the repositories homebrew-tap and scoop-bucket of the organization and the secret TAP_GITHUB_TOKEN that
may write to them (without it they are not updated); for the first version, the submission to the krew index by hand
END
exit $status
