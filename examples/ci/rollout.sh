#!/bin/sh
# rollout.sh IMAGE: run it beside smoke-test.sh. SOAK is how long each step must stay healthy.
set -u
sts="kubectl sts -n db"
flags="--yes --owner deploy-postgres"

$sts canary start postgres --image "$1" $flags --timeout 10m
code=$?
# 4: the canary is broken. The gates below detect that, too, and abort it.
if [ $code -eq 0 ] || [ $code -eq 4 ]; then
  $sts canary promote postgres --auto --steps 1,20%,50%,100% --soak "${SOAK:-5m}" \
    --check './smoke-test.sh' --check-exec 'pg_isready' \
    --on-failure abort $flags --timeout 2h
  code=$?
fi
exit $code
