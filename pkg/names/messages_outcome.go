package names

import (
	"fmt"
	"math"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgFound(code sts.FindingCode, set string) string {
	return fmt.Sprintf("%s (statefulset/%s)", code, set)
}

func hintServerLog() sts.Hint {
	return sts.Hintf("every query failed; check the logs of the DNS server; for CoreDNS: %s",
		sts.Kubectl("kube-system", "logs", "-l", "k8s-app=kube-dns"))
}

func hintClusterDomain(domain string) sts.Hint {
	return sts.Hintf("none of the names exist on the DNS server: check that %s is the cluster domain, or set --cluster-domain", domain)
}

// Ordinals that cannot be listed.

func msgNegativeReplicas(set string, replicas int32) string {
	return fmt.Sprintf("statefulset/%s has %d replicas, must be 0 or more", set, replicas)
}

func msgTooManyReplicas(set string, replicas int32, most int) string {
	return fmt.Sprintf("statefulset/%s has %d replicas, must be no more than %d", set, replicas, most)
}

func msgInvalidOrdinals(set string, replicas int32, start sts.Ordinal) string {
	return fmt.Sprintf("statefulset/%s has %d replicas from ordinal %s: ordinals must be from 0 to %d", set, replicas, start, math.MaxInt32-1)
}
