package doctor

import "github.com/kubectl-sts/kubectl-sts/pkg/sts"

// podChecks are about the pod template: probes, termination, resources and images.
func podChecks() []*Check {
	return []*Check{
		{
			Code: "PreStopLeaves", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "A preStop hook removes the member from its cluster",
			Explain: "A preStop hook runs whenever the pod stops: at each update, eviction and restart, not only when the set is scaled down. The member " +
				"then has to join as a new one, its data are moved away and back, and the cluster is smaller until then. The check " +
				"looks for commands such as etcdctl member remove, nodetool decommission and rabbitmqctl forget_cluster_node in the hook, and in scripts that it " +
				"runs from a ConfigMap. Info for consul leave, which Consul's own charts use. A script that asks Kubernetes for the size of the set is not reported.",
			Remedy: "Remove the command from the hook, and scale down with kubectl sts drain-scale.",
			Run:    preStopLeaves,
		},
		{
			Code: "PreStopTooLong", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "A preStop hook sleeps longer than the pod has time to stop",
			Explain: "terminationGracePeriodSeconds, 30 by default, includes the preStop hook. After that the container gets two more seconds, " +
				"and is killed. The check looks for sleep with a number that the hook waits for: not in the background, and with timeout only as long as that allows.",
			Remedy: "Set terminationGracePeriodSeconds to the time of the hook plus the time that the program needs.",
			Run:    preStopTooLong,
		},
		{
			Code: "GraceZero", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "Pods are killed without time to stop",
			Explain: "With terminationGracePeriodSeconds 0 each deletion is a force deletion: the API server removes the pod at once, and the controller " +
				"creates its successor while the old one can still run and write. A set that an operator owns is not reported.",
			Remedy: "Remove terminationGracePeriodSeconds (the default is 30), or set the time that the program needs.",
			Run:    graceZero,
		},
		{
			Code: "NoReadinessProbe", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "No container has a readiness probe",
			Explain: "A pod then counts as ready as soon as its containers run. A rolling update replaces the next pod before this one works, the order of " +
				"creation has no meaning, and a PodDisruptionBudget counts pods that do not work as healthy. Info for a set without claims and without an " +
				"image that is known to store data, and for MinIO, whose own charts have none. " +
				"A set with one replica or with readiness gates, one that an operator owns, and a CSI driver is not reported.",
			Remedy: "Add a readinessProbe.",
			Run:    noReadinessProbe,
		},
		{
			Code: "LivenessEqualsReadiness", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "The liveness probe is the readiness probe",
			Explain: "The kubelet restarts the container at the same time as the pod becomes unready: a program that is overloaded, or recovers after a crash, is " +
				"killed instead of being left alone, and starts from the beginning. Info for a probe that only opens a TCP connection, and for a set that does not store data. " +
				"A liveness probe that gives up later, and a container with a startup probe, is not reported.",
			Remedy: "Give the liveness probe a larger failureThreshold, and add a startupProbe, or remove it.",
			Run:    livenessEqualsReadiness,
		},
		{
			Code: "ProbePortUnknown", Severity: sts.SeverityError, Looks: Everywhere,
			Title: "A probe names a port that its container does not have",
			Explain: "The kubelet finds a named port among the ports of the same container only. With another name a readiness or startup probe never succeeds, so " +
				"the pod never becomes ready. A liveness probe has no effect: that is a warning. A number needs no port in the list.",
			Remedy: "Use the name of one of the container's ports, or a number.",
			Run:    probePortUnknown,
		},
		{
			Code: "BestEffort", Severity: sts.SeverityInfo, Looks: Everywhere,
			Title: "Pods with data have no requests",
			Explain: "No container requests or limits CPU or memory: the pods have the QoS class BestEffort, so they are the first to be evicted when a node runs " +
				"out of memory. Reported for sets with claims, unless the manifests have a LimitRange for the namespace, or the pods in the cluster have got requests. " +
				"A set that an operator owns is not reported.",
			Remedy: "Set resources.requests.",
			Run:    bestEffort,
		},
		{
			Code: "MovingTag", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "An image has no tag, or latest",
			Explain: "Pods that start later, or on another node, can run another version than the others, and no revision of the set shows the " +
				"difference: a rollback does not bring the old version back. A digest is not reported, nor an image with imagePullPolicy Never.",
			Remedy: "Set a tag of a version, or a digest.",
			Run:    movingTag,
		},
	}
}
