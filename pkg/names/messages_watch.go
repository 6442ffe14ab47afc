package names

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

// What is waited for: these follow "waiting" or "timed out while waiting".

func msgForCluster() string { return "for the first response from the API server" }

func msgForSet() string { return "for a StatefulSet to be created" }

func msgForOrdinals() string { return "for a StatefulSet with these ordinals" }

func msgForServer(problem string) string { return "for the DNS server: " + problem }

func msgForFirstAnswers() string { return "for the first answers from the DNS server" }

func msgForLastAnswers() string { return "for the last answers from the DNS server" }

// msgForNames: why is the reason that the first name does not resolve, if it is known.
func msgForNames(count int, first, why string) string {
	text := "for " + first + " to resolve correctly"
	if count > 1 {
		text = "for " + sts.Count(count, "name") + " to resolve correctly, first " + first
	}
	if why != "" {
		text += ": " + why
	}
	return text
}

func msgPodLeaving() string { return "the pod is being removed" }
