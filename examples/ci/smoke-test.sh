#!/bin/sh
# smoke-test.sh
for pod in $KUBECTL_STS_PODS; do
  kubectl --context "$KUBECTL_STS_CONTEXT" -n "$KUBECTL_STS_NAMESPACE" exec "$pod" -- psql -qc 'select 1' || exit 1
done
