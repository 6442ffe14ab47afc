#!/bin/sh
# install-sts.sh: there is no release yet, so this builds the plugin, which requires Go, make and git. From the first
# release on, `kubectl krew install sts` replaces it.
set -e
git clone https://github.com/kubectl-sts/kubectl-sts
cd kubectl-sts
make install
