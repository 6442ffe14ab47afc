package access

import "slices"

// API groups.
const (
	core        = ""
	apps        = "apps"
	autoscaling = "autoscaling"
	batch       = "batch"
	discovery   = "discovery.k8s.io"
	policy      = "policy"
	storage     = "storage.k8s.io"
	admission   = "admissionregistration.k8s.io"
	leases      = "coordination.k8s.io"
)

const (
	kubeSystem = "kube-system"
	nodeLease  = "kube-node-lease"
)

// Commands are all commands that send requests about objects, with what they request. The roles of examples/rbac,
// the table in docs/safety.md and `kubectl sts auth` are made from it.
func Commands() []Command {
	return []Command{
		{"status", reading(statusNeeds())},
		{"canary start", changing(canaryNeeds(replacing, newTemplate))},
		{"canary status", reading(statusNeeds())},
		{"canary promote", changing(canaryNeeds(replacing, []Need{
			{Resource: "pods/exec", Verbs: verbs("create"), Option: "check-exec", For: "checks in pods", Role: roleExec},
		}))},
		{"canary abort", changing(canaryNeeds(fixing, deletesPods("a pod that blocks the rollout")))},
		{"drain-scale", changing(canaryNeeds(replacing, drainNeeds(),
			withOption("fresh-claims", roleGC, deletesClaims()...), withOption("fresh-claims", roleView, claimUsers()...)))},
		{"diff", reading(historyNeeds())},
		{"dns", reading(dnsNeeds())},
		{"doctor", reading(doctorNeeds())},
		{"history", reading(historyNeeds())},
		{"pause", changing(canaryNeeds(pausing))},
		{"plan", reading(planNeeds())},
		{"recover", changing(canaryNeeds(fixing, recoverNeeds()))},
		{"restart", changing(canaryNeeds(replacing, evicts(), []Need{
			{Resource: "pods/exec", Verbs: verbs("create"), Option: "leader-exec", For: "finding the leader with a command", Role: roleExec},
		}))},
		{"pvc-gc", reading(slices.Concat(claimNeeds(), withOption("delete", roleGC, deletesClaims()...)))},
		{"pvc-gc rescue", reading(slices.Concat(claimNeeds(), granted(roleGC, rescueNeeds())))},
		{"pvc-gc undo", reading(slices.Concat(judgeNeeds(), granted(roleGC, undoNeeds())))},
		{"pvc-gc purge", reading(slices.Concat(judgeNeeds(), granted(roleGC, purgeNeeds())))},
		{"resume", changing(canaryNeeds(replacing))},
		{"undo", changing(canaryNeeds(replacing))},
		{"unstick", changing(canaryNeeds(fixing, deletesPods("a pod that blocks the rollout"), []Need{
			{Resource: "pods/log", Verbs: verbs("get"), For: "the last lines of a failing container", Without: "a note instead of the lines"},
		}))},
	}
}

func verbs(v ...string) []string { return v }

// granted sets the role of the needs that have none.
func granted(role string, needs []Need) []Need {
	out := slices.Clone(needs)
	for i := range out {
		if out[i].Role == "" {
			out[i].Role = role
		}
	}
	return out
}

func reading(needs []Need) []Need  { return granted(roleView, needs) }
func changing(needs []Need) []Need { return granted(roleCanary, needs) }

// withOption are needs of a flag.
func withOption(option, role string, needs ...Need) []Need {
	out := granted(role, needs)
	for i := range out {
		out[i].Option = option
	}
	return out
}

// lostNode are the reads that find out about the nodes of pods that do not terminate.
func lostNode() []Need {
	const what, without = "whether the node of a pod that does not terminate is lost", "\"the node may be down\""
	return []Need{
		{Resource: "nodes", Verbs: verbs("list"), Scope: ClusterWide, For: what, Without: without},
		{Group: leases, Resource: "leases", Verbs: verbs("list"), Namespace: nodeLease, For: what, Without: without},
	}
}

// around is what explains the state of a set. Nothing of it is required.
func around(v ...string) []Need {
	return slices.Concat([]Need{
		{Resource: "persistentvolumeclaims", Verbs: v, For: "claims, and whether they are at risk", Without: "a note; claims are not shown"},
		{Resource: "services", Verbs: v, For: "the governing Service", Without: "a note"},
		{Resource: "events", Verbs: v, For: "why a pod is not ready or does not exist", Without: "a note; fewer reasons"},
		{Group: autoscaling, Resource: "horizontalpodautoscalers", Verbs: v, For: "what scales the StatefulSet", Without: "a note"},
		{Resource: "persistentvolumes", Verbs: v, Scope: ClusterWide, For: "volumes that are being deleted", Without: "a note; only the claims are checked"},
		{Resource: "namespaces", Verbs: verbs("get"), Scope: ClusterWide, For: "whether the namespace exists", Without: "a missing namespace looks empty"},
	}, lostNode())
}

func podsAndBudgets(v ...string) []Need {
	return []Need{
		{Resource: "pods", Verbs: v, For: "the pods", Without: "a note; only the counters of the set's status"},
		{Group: policy, Resource: "poddisruptionbudgets", Verbs: v, For: "PodDisruptionBudgets", Without: "a note"},
	}
}

func statusNeeds() []Need {
	return slices.Concat([]Need{
		{Group: apps, Resource: "statefulsets", Verbs: verbs("get", "list"), For: "the StatefulSets"},
		{Group: apps, Resource: "statefulsets", Verbs: verbs("watch"), For: "-w, --for", Without: "they fail"},
	}, podsAndBudgets("list", "watch"), around("list", "watch"))
}

func historyNeeds() []Need {
	return slices.Concat([]Need{
		{Group: apps, Resource: "statefulsets", Verbs: verbs("get"), For: "the StatefulSet"},
		{Group: apps, Resource: "controllerrevisions", Verbs: verbs("list"), For: "the revisions"},
	}, podsAndBudgets("list"), around("list"))
}

func planNeeds() []Need {
	return slices.Concat([]Need{
		{Group: apps, Resource: "statefulsets", Verbs: verbs("get"), For: "the StatefulSet"},
		{Group: apps, Resource: "controllerrevisions", Verbs: verbs("list"), For: "the revisions", Without: "a note"},
		{Resource: "resourcequotas", Verbs: verbs("list"), For: "quotas", Without: "a note; quotas are not considered"},
		{
			Group: apps, Resource: "statefulsets", Verbs: verbs("update"), Option: "new-file", Role: roleCanary,
			For: "a dry run of the manifest", Without: "only the rules that the plugin knows are checked",
		},
	}, podsAndBudgets("list"), around("list"))
}

func dnsNeeds() []Need {
	return slices.Concat([]Need{
		{Group: apps, Resource: "statefulsets", Verbs: verbs("get", "list"), For: "the StatefulSets"},
		{Group: apps, Resource: "statefulsets", Verbs: verbs("watch"), For: "-w, --wait", Without: "they fail"},
		{Resource: "pods", Verbs: verbs("list", "watch"), For: "the pods", Without: "a note; --wait and -w fail"},
		{Resource: "services", Verbs: verbs("list", "watch"), For: "the governing Service", Without: "a note"},
		{Group: discovery, Resource: "endpointslices", Verbs: verbs("list", "watch"), For: "which names are published", Without: "a note; publication is unknown"},
		{Resource: "endpoints", Verbs: verbs("list"), For: "who publishes names of a Service without a selector", Without: "a note"},
		{Resource: "namespaces", Verbs: verbs("get"), Scope: ClusterWide, For: "whether the namespace exists", Without: "a missing namespace looks empty"},
		{Group: discovery, Resource: "endpointslices", Verbs: verbs("list"), Namespace: kubeSystem, Option: "resolve", For: "a CoreDNS pod", Role: roleDNS},
		{Resource: "pods", Verbs: verbs("list"), Namespace: kubeSystem, Option: "resolve", For: "a CoreDNS pod, where its Service has no endpoints", Without: "its Service must have endpoints", Role: roleDNS},
		{Resource: "pods/portforward", Verbs: verbs("get", "create"), Namespace: kubeSystem, Option: "resolve", For: "the connection to it", Role: roleDNS},
		{Resource: "pods/exec", Verbs: verbs("create"), Option: "from-pod", For: "queries from a pod", Role: roleExec},
	}, domainNeeds())
}

func doctorNeeds() []Need {
	needs := slices.Concat([]Need{
		{Resource: "configmaps", Verbs: verbs("list"), Role: roleDoctor},
		{Group: storage, Resource: "storageclasses", Verbs: verbs("list"), Scope: ClusterWide, Role: roleDoctor},
		{Group: storage, Resource: "volumeattachments", Verbs: verbs("list"), Scope: ClusterWide, Role: roleDoctor},
		{Resource: "persistentvolumes", Verbs: verbs("list"), Scope: ClusterWide},
		{Resource: "nodes", Verbs: verbs("list"), Scope: ClusterWide},
		{Resource: "pods", Verbs: verbs("list")},
		{Resource: "persistentvolumeclaims", Verbs: verbs("list")},
		{Resource: "services", Verbs: verbs("list")},
		{Resource: "events", Verbs: verbs("list")},
		{Resource: "endpoints", Verbs: verbs("list")},
		{Group: discovery, Resource: "endpointslices", Verbs: verbs("list")},
		{Group: policy, Resource: "poddisruptionbudgets", Verbs: verbs("list")},
		{Group: apps, Resource: "controllerrevisions", Verbs: verbs("list")},
	}, claimUsers())
	for i := range needs {
		needs[i].For, needs[i].Without = "the checks of `doctor`", "the checks that need it are omitted"
	}
	return slices.Concat([]Need{{Group: apps, Resource: "statefulsets", Verbs: verbs("list"), For: "the StatefulSets"}}, needs, domainNeeds())
}

// domainNeeds find the DNS domain of the cluster.
func domainNeeds() []Need {
	const what, without = "the cluster's domain", "a note; cluster.local is assumed"
	return []Need{
		{Resource: "configmaps", Names: []string{"coredns", "rke2-coredns-rke2-coredns"}, Verbs: verbs("get"), Namespace: kubeSystem, Role: roleDNS, For: what, Without: without},
		{Resource: "nodes/proxy", Verbs: verbs("get"), Scope: ClusterWide, Option: kubeletOption, Role: roleNone, For: what + ", from a kubelet", Without: without},
	}
}

// claimUsers is what may refer to a claim, besides pods and StatefulSets.
func claimUsers() []Need {
	const what, without = "what references a claim", "no claim is a candidate"
	return []Need{
		{Group: apps, Resource: "deployments", Verbs: verbs("list"), For: what, Without: without},
		{Group: apps, Resource: "daemonsets", Verbs: verbs("list"), For: what, Without: without},
		{Group: apps, Resource: "replicasets", Verbs: verbs("list"), For: what, Without: without},
		{Resource: "replicationcontrollers", Verbs: verbs("list"), For: what, Without: without},
		{Group: batch, Resource: "jobs", Verbs: verbs("list"), For: what, Without: without},
		{Group: batch, Resource: "cronjobs", Verbs: verbs("list"), For: what, Without: without},
		{Group: "snapshot.storage.k8s.io", Resource: "volumesnapshots", Verbs: verbs("list"), Custom: true, For: what, Without: without},
		{
			Group: autoscaling, Resource: "horizontalpodautoscalers", Verbs: verbs("list"), For: "what scales the StatefulSet",
			Without: "claims that it may need again are kept, without --reserved",
		},
		{
			Group: "keda.sh", Resource: "scaledobjects", Verbs: verbs("list"), Custom: true, For: "what scales the StatefulSet",
			Without: "claims that it may need again are kept, without --reserved",
		},
	}
}

// judgeNeeds is what decides whether a claim is needed.
func judgeNeeds() []Need {
	return slices.Concat([]Need{
		{Group: apps, Resource: "statefulsets", Verbs: verbs("list"), For: "the StatefulSets"},
		{Resource: "persistentvolumeclaims", Verbs: verbs("list"), For: "claims"},
		{Resource: "pods", Verbs: verbs("list"), For: "what mounts a claim", Without: "claims count as unused only if their condition Unused says so"},
		{Resource: "namespaces", Verbs: verbs("get"), Scope: ClusterWide, For: "whether the namespace exists", Without: "a missing namespace looks empty"},
	}, claimUsers())
}

func claimNeeds() []Need {
	return append(judgeNeeds(), Need{
		Resource: "persistentvolumes", Verbs: verbs("list"), Scope: ClusterWide,
		For: "reclaim policies, shared volumes", Without: "a note; --delete and rescue are refused",
	})
}

// keptVolumes is what every change of a claim does to its volume.
func keptVolumes() []Need {
	return []Need{
		{Resource: "persistentvolumes", Verbs: verbs("get", "patch"), Scope: ClusterWide, For: "reclaim policy Retain, so that the data is kept"},
		{Resource: "persistentvolumes", Verbs: verbs("watch"), Scope: ClusterWide, For: "waiting for volumes", Without: "it polls"},
		{Resource: "persistentvolumeclaims", Verbs: verbs("watch"), For: "waiting for claims", Without: "it polls"},
	}
}

// retainedVolumes is how undo and purge find what is retained.
func retainedVolumes() []Need {
	return append([]Need{{Resource: "persistentvolumes", Verbs: verbs("list"), Scope: ClusterWide, For: "volumes that retain data"}}, keptVolumes()...)
}

func deletesClaims() []Need {
	return append(keptVolumes(),
		Need{Resource: "persistentvolumeclaims", Verbs: verbs("get", "list", "delete"), For: "deleting claims"},
		Need{Resource: "persistentvolumeclaims", Verbs: verbs("create", "patch"), For: "restoring a claim that is needed after all", Without: "run pvc-gc undo later, as another user"},
		Need{Resource: "persistentvolumes", Verbs: verbs("list"), Scope: ClusterWide, For: "reclaim policies"},
		Need{Resource: "events", Verbs: verbs("create"), For: "Events on the StatefulSet", Without: "a warning"})
}

func rescueNeeds() []Need {
	return append(keptVolumes(),
		Need{Resource: "persistentvolumeclaims", Verbs: verbs("get"), For: "claims"},
		Need{Resource: "persistentvolumes", Verbs: verbs("create"), Scope: ClusterWide, For: "a volume that is itself being deleted", Without: "its data cannot be rescued"})
}

func undoNeeds() []Need {
	return append(retainedVolumes(),
		Need{Resource: "persistentvolumeclaims", Verbs: verbs("get", "create", "patch"), For: "restoring claims"},
		Need{Resource: "persistentvolumeclaims", Verbs: verbs("delete"), Option: "replace", For: "setting aside the new claim"})
}

func purgeNeeds() []Need {
	return append(retainedVolumes(),
		Need{Resource: "persistentvolumeclaims", Verbs: verbs("get"), For: "claims"},
		Need{Resource: "persistentvolumes", Verbs: verbs("delete"), Scope: ClusterWide, For: "volumes whose own reclaim policy is Retain", Without: "they are not purged"})
}

// effect is what a command does to the pods of a set.
type effect int

const (
	pausing   effect = iota // none
	fixing                  // pods that block are removed, whatever the budgets say
	replacing               // pods are replaced one by one, as budgets allow
)

// canaryNeeds is what the commands that change a set request.
func canaryNeeds(e effect, more ...[]Need) []Need {
	budgets := Need{Group: policy, Resource: "poddisruptionbudgets", Verbs: verbs("list", "watch"), For: "PodDisruptionBudgets"}
	if e == fixing {
		budgets.Without = "a note"
	}
	needs := []Need{
		{Group: apps, Resource: "statefulsets", Verbs: verbs("get", "list", "watch"), For: "the StatefulSet"},
		{Group: apps, Resource: "statefulsets", Verbs: verbs("patch"), For: "the change, and its record"},
		{Group: apps, Resource: "controllerrevisions", Verbs: verbs("list", "watch"), For: "the revisions"},
		{Resource: "pods", Verbs: verbs("list", "watch"), For: "the pods"},
		budgets,
	}
	for _, n := range around("list", "watch") {
		if n.Resource == "persistentvolumeclaims" && e != pausing {
			n.For, n.Without = "claims of the pods that it removes, and whether they are at risk", ""
		}
		needs = append(needs, n)
	}
	needs = append(needs,
		Need{
			Group: apps, Resource: "statefulsets/status", Verbs: verbs("patch"), For: "its record, where mutating admission rewrites every update",
			Without: "refused there, before anything is written",
		},
		Need{Resource: "events", Verbs: verbs("create"), For: "Events on the StatefulSet", Without: "a warning"})
	for _, resource := range []string{"mutatingwebhookconfigurations", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"} {
		needs = append(needs, Need{
			Group: admission, Resource: resource, Verbs: verbs("list"), Scope: ClusterWide,
			For: "which admission has rewritten or rejected a write", Without: "it is not named",
		})
	}
	if e != pausing {
		needs = append(needs,
			Need{Resource: "pods", Verbs: verbs("create"), Option: PodCheckOption, For: "a dry run of new pods", Without: "a note; new pods are not checked", Role: rolePodCheck},
			Need{Resource: "resourcequotas", Verbs: verbs("list"), Option: PodCheckOption, For: "quotas for several new pods", Without: "only one pod at a time is checked", Role: rolePodCheck})
	}
	return append(needs, slices.Concat(more...)...)
}

// newTemplate is for the template of a manifest.
var newTemplate = []Need{{
	Group: apps, Resource: "statefulsets", Verbs: verbs("update"), Option: "filename",
	For: "a dry run of the manifest",
}}

func deletesPods(which string) []Need {
	return []Need{{Resource: "pods", Verbs: verbs("delete"), For: which, Without: "an error at that point; rerun as a user with the permission"}}
}

func evicts() []Need {
	return []Need{{Resource: "pods/eviction", Verbs: verbs("create"), For: "evictions"}}
}

func drainNeeds() []Need {
	return append(evicts(),
		Need{Group: apps, Resource: "statefulsets/scale", Verbs: verbs("patch"), For: "the number of replicas", Role: roleDrain},
		Need{Resource: "pods", Verbs: verbs("patch"), For: "the finalizer of a member that leaves", Role: roleDrain},
		Need{Resource: "pods/exec", Verbs: verbs("create"), Option: "drain-exec", For: "commands of drain profiles, too", Role: roleExec},
		Need{Resource: "pods", Verbs: verbs("delete"), Option: "pdb=ignore", For: "deleting pods instead of evicting them"})
}

func recoverNeeds() []Need {
	return granted(roleRecover, []Need{
		{Resource: "nodes", Verbs: verbs("get"), Scope: ClusterWide, For: "the node"},
		{Group: leases, Resource: "leases", Verbs: verbs("get"), Namespace: nodeLease, For: "whether its kubelet is alive"},
		{Resource: "nodes", Verbs: verbs("patch"), Scope: ClusterWide, For: "the out-of-service taint"},
		{Resource: "nodes", Verbs: verbs("delete"), Scope: ClusterWide, Option: "action=delete-node", For: "deleting the node"},
		{Resource: "pods", Verbs: verbs("delete"), Option: "action=force-delete-pod", For: "deleting only the pod", Role: roleCanary},
		{Resource: "pods", Verbs: verbs("list"), Scope: ClusterWide, For: "which pods are removed with the node", Without: "they are not counted"},
		{Group: storage, Resource: "volumeattachments", Verbs: verbs("list"), Scope: ClusterWide, For: "volumes that are still attached to it", Without: "a note"},
	})
}
