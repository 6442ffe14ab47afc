package inspect

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

// KnownIssue is something that Kubernetes itself does with StatefulSets and that a person
// would not expect.
type KnownIssue struct {
	Code string `json:"code"`
	// Versions is which servers do so, in words.
	Versions string `json:"versions"`
	// When is what a set has to be like.
	When string `json:"when"`
	What string `json:"what"`
	Why  string `json:"why"`
	// WayOut is a command, or what to do.
	WayOut string `json:"wayOut"`
	Source string `json:"source"`
	// Shown: a scenario holds it against the control planes that are tested: what is known
	// of their version is what is to be seen there.
	Shown bool `json:"shown"`

	affects []versions
}

// versions are servers from one version to another, both included. A minor version at the
// end has all its patches in it, and an empty end is open.
type versions struct {
	from, to string
	only     string // what else must hold, as it goes on after "version 1.2"
}

const (
	unlessGate, withGate = "without the gate MaxUnavailableStatefulSet", "with the gate MaxUnavailableStatefulSet"
	unlessRecreate       = "without the gate StatefulSetRecreateStrategy"
	withRecreate         = "with the gate StatefulSetRecreateStrategy"
)

// knownIssues come from issues and from the controller's source of these versions; the
// scenarios known-*.txtar hold those that are shown against real servers.
var knownIssues = []KnownIssue{
	{
		Code:    "broken-rollout-stays",
		affects: []versions{{}},
		When:    "podManagementPolicy is OrderedReady, the default",
		What:    "A pod of a broken update that never becomes ready is not replaced when the template is put back: the controller goes on waiting for it.",
		Why:     "kubectl rollout undo seems to work, and nothing happens.",
		WayOut:  "kubectl sts unstick NAME; in a canary, kubectl sts canary abort NAME",
		Source:  "https://github.com/kubernetes/kubernetes/issues/67250",
		Shown:   true,
	},
	{
		Code:    "parallel-rollout-stays",
		affects: []versions{{from: "1.24", to: "1.34", only: withGate}, {from: "1.35.0", to: "1.35.3"}, {from: "1.35.4", to: "1.36", only: withGate}},
		When:    "podManagementPolicy is Parallel",
		What:    "Pods of a broken update are not replaced when the template is put right, once as many are down as maxUnavailable allows. Without the gate they are.",
		Why:     "The set stays down. The gate was on by default from 1.35.0 to 1.35.3.",
		WayOut:  "kubectl sts unstick NAME",
		Source:  "https://github.com/kubernetes/kubernetes/issues/137409",
		Shown:   true,
	},
	{
		Code:    "max-unavailable-dropped",
		affects: []versions{{from: "1.24", to: "1.34", only: unlessGate}, {from: "1.35.4", to: "1.36", only: unlessGate}},
		When:    "spec.updateStrategy.rollingUpdate.maxUnavailable is written",
		What:    "The server drops the field and says nothing.",
		Why:     "The rollout goes one pod at a time and takes so much longer, also after an upgrade from a version that kept it.",
		WayOut:  "turn the gate on in the API server and the controller manager, or count on one pod at a time",
		Source:  "https://github.com/kubernetes/enhancements/issues/961",
		Shown:   true,
	},
	{
		Code: "max-unavailable-counts-all",
		affects: []versions{{from: "1.24", to: "1.34", only: withGate}, {from: "1.35.0", to: "1.35.3"}, {from: "1.35.4", to: "1.36", only: withGate},
			{from: "1.37", to: "1.37"}},
		When:   "spec.updateStrategy.rollingUpdate has a partition and maxUnavailable",
		What:   "A pod below the partition that is not available counts as one that the update has taken down, and a percentage is one of all replicas. As of 1.38 both are about the ordinals from the partition up.",
		Why:    "One broken pod below the partition keeps the update from starting, and nothing says so.",
		WayOut: "make that pod available first: kubectl sts status NAME names it",
		Source: "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go#L845",
		Shown:  true,
	},
	{
		Code:    "recreate-takes-all-down",
		affects: []versions{{from: "1.37", to: "1.37", only: withRecreate}, {from: "1.38"}},
		When:    "updateStrategy is Recreate",
		What:    "An update deletes all pods at once, whatever podManagementPolicy and PodDisruptionBudgets say, and creates none before the last one has ended.",
		Why:     "The set is down for the whole update, and one pod that does not end, on a lost node or with a finalizer, keeps it down.",
		WayOut:  "kubectl sts plan NAME --image IMAGE shows it before; kubectl sts status NAME names the pod that does not end",
		Source:  "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go#L671",
		Shown:   true,
	},
	{
		Code:    "recreate-forgets-claims",
		affects: []versions{{from: "1.37", to: "1.37", only: withRecreate}, {from: "1.38"}},
		When:    "updateStrategy is Recreate, persistentVolumeClaimRetentionPolicy.whenScaled is Delete, and one change updates the template and lowers replicas",
		What:    "The claims of the ordinals that go are not deleted: their pods are gone before the controller gets to the claims.",
		Why:     "Their volumes are paid for, and a later scale-up finds the old data.",
		WayOut:  "kubectl sts pvc-gc NAME",
		Source:  "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go#L671",
		Shown:   true,
	},
	{
		Code:    "recreate-gate-off",
		affects: []versions{{from: "1.37", only: unlessRecreate}},
		When:    "updateStrategy is Recreate",
		What:    "The controller does nothing at all for the set: no updates, no scaling, and no new pod for one that is lost. It warns with an event of the reason UnknownStrategy.",
		Why:     "A set that was created while the gate was on stops healing when the gate is turned off.",
		WayOut:  "turn the gate on in the API server and the controller manager, or set spec.updateStrategy.type to RollingUpdate",
		Source:  "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go#L577",
		Shown:   true,
	},
	{
		Code:    "upgrade-rolls-sets",
		affects: []versions{{from: "1.34.0", to: "1.34.1"}},
		When:    "the control plane comes from 1.33 or older",
		What:    "All sets are rolled although nobody has changed them: the server writes their templates in other words than it did.",
		Why:     "Every database of the cluster restarts at the same time as its control plane.",
		WayOut:  "upgrade to 1.34.2 or later at once, without a stop here",
		Source:  "https://github.com/kubernetes/kubernetes/issues/134773",
	},
	{
		Code:    "old-revision-renamed",
		affects: []versions{{from: "1.34.0"}},
		When:    "a template comes back that a server of 1.33 or older has written",
		What:    "The server takes it for a new one, unless it is the newest: it gets a revision of another name.",
		Why:     "An undo also restarts the pods that run just this template.",
		WayOut:  "kubectl sts canary abort NAME leaves those pods alone, and says how to go on",
		Source:  "https://github.com/kubernetes/kubernetes/pull/135017",
		Shown:   true,
	},
	{
		Code:    "on-delete-never-complete",
		affects: []versions{{to: "1.36"}},
		When:    "updateStrategy is OnDelete",
		What:    "status.currentRevision stays the old one when all pods have been replaced, and status.currentReplicas goes to 0.",
		Why:     "What judges by the status waits forever for an update that is over.",
		WayOut:  "kubectl sts status NAME, which looks at the pods",
		Source:  "https://github.com/kubernetes/kubernetes/issues/73492",
		Shown:   true,
	},
	{
		Code:    "availability-seen-late",
		affects: []versions{{from: "1.22", to: "1.35.0"}},
		When:    "minReadySeconds is set, and pods do not become ready at once",
		What:    "That a pod has become available is noticed late, by up to minReadySeconds and more.",
		Why:     "Rollouts, and what waits for them, take up to twice as long.",
		WayOut:  "none is needed: it goes on by itself; give a long --timeout",
		Source:  "https://github.com/kubernetes/kubernetes/issues/119352",
		Shown:   true,
	},
	{
		Code:    "complete-before-available",
		affects: []versions{{from: "1.22"}},
		When:    "minReadySeconds is set",
		What:    "status.currentRevision becomes the new one as soon as the last pod is ready, not when it is available.",
		Why:     "What judges by the status is told that the update is complete while its last pod may still fail.",
		WayOut:  "kubectl sts status NAME --for=complete waits for pods to be available",
		Source:  "https://github.com/kubernetes/kubernetes/issues/136831",
		Shown:   true,
	},
	{
		Code:    "zero-forgets-partition",
		affects: []versions{{}},
		When:    "a set with a partition is scaled to 0 in the middle of an update, and back up",
		What:    "All pods come back on the new revision, those below the partition, too.",
		Why:     "The canary has become the whole set, and the revision before it may be gone.",
		WayOut:  "kubectl sts canary abort NAME, which has kept the template",
		Source:  "https://github.com/kubernetes/kubernetes/issues/121534",
		Shown:   true,
	},
	{
		Code:    "partition-forgotten",
		affects: []versions{{from: "1.27.0", to: "1.27.7"}, {from: "1.28.0", to: "1.28.3"}},
		When:    "a partition holds an update back, and a pod below it is deleted",
		What:    "The pod comes back on the new revision.",
		Why:     "Each node failure widens the canary.",
		WayOut:  "upgrade to 1.27.8 or 1.28.4",
		Source:  "https://github.com/kubernetes/kubernetes/issues/119685",
	},
	{
		Code:    "claim-outlives-set",
		affects: []versions{{from: "1.27"}},
		When:    "persistentVolumeClaimRetentionPolicy.whenDeleted is Delete",
		What:    "A claim that was made just before its set is deleted can stay: it has no owner yet.",
		Why:     "Its volume is paid for, and a set of the same name finds the old data.",
		WayOut:  "kubectl sts pvc-gc -A",
		Source:  "https://github.com/kubernetes/kubernetes/pull/142130",
	},
	{
		Code:    "stale-claim-waits",
		affects: []versions{{from: "1.27"}},
		When:    "persistentVolumeClaimRetentionPolicy.whenScaled is Delete, and a set that was scaled down is scaled up before its old claims are gone",
		What:    "The pod waits until its old claim has gone, rightly; but nothing tells the controller when it has, so the pod may not come for hours.",
		Why:     "The set stays too small, and no event says why.",
		WayOut:  "kubectl annotate statefulset NAME example.com/woken=now: any change of the set makes the controller look again",
		Source:  "https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/controller/statefulset/stateful_set_control.go#L436",
		Shown:   true,
	},
	{
		Code:    "foreground-deletion-hangs",
		affects: []versions{{from: "1.27"}},
		When:    "persistentVolumeClaimRetentionPolicy.whenScaled is Delete, and the set is deleted with --cascade=foreground in the middle of a scale-down",
		What:    "Pods whose turn to go had not come wait for their claims, and the claims for the pods: neither goes, nor does the set.",
		Why:     "kubectl delete does not end.",
		WayOut:  `kubectl patch pod NAME --type=merge -p '{"metadata":{"finalizers":null}}', once its phase is Succeeded or Failed`,
		Source:  "https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/controller/volume/pvcprotection/pvc_protection_controller.go#L449",
		Shown:   true,
	},
}

func (v versions) String() string {
	text := "every version"
	switch {
	case v.from != "" && v.to == "":
		text = v.from + " and later"
	case v.from == "" && v.to != "":
		text = "up to " + v.to
	case v.from != "":
		text = v.from + " to " + v.to
	}
	if v.only != "" {
		text += " " + v.only
	}
	return text
}

func (v versions) hold(server *version.Version) bool {
	if v.from != "" && server.LessThan(version.MustParseGeneric(v.from)) {
		return false
	}
	if v.to == "" {
		return true
	}
	last := version.MustParseGeneric(v.to)
	if strings.Count(v.to, ".") == 1 {
		return server.Major() < last.Major() || server.Major() == last.Major() && server.Minor() <= last.Minor()
	}
	return !last.LessThan(server)
}

// KnownIssues are all of them, on whatever version.
func KnownIssues() []KnownIssue {
	all := slices.Clone(knownIssues)
	for i := range all {
		texts := make([]string, len(all[i].affects))
		for n, v := range all[i].affects {
			texts[n] = v.String()
		}
		all[i].Versions = strings.Join(texts, "; ")
	}
	return all
}

// KnownOf are the issues of a server, by the version that it reports. What holds only with
// or without a feature gate is among them: When says so.
func KnownOf(server string) ([]KnownIssue, error) {
	v, err := release(server)
	if err != nil {
		return nil, err
	}
	known := []KnownIssue{}
	for _, k := range KnownIssues() {
		i := slices.IndexFunc(k.affects, func(a versions) bool { return a.hold(v) })
		if i < 0 {
			continue
		}
		if only := k.affects[i].only; only != "" {
			k.When += ", " + only
		}
		known = append(known, k)
	}
	return known, nil
}

// release is the version without what a vendor has added: v1.34.1-eks-d96d92f is 1.34.1.
func release(server string) (*version.Version, error) {
	v, err := version.ParseGeneric(server)
	if err != nil {
		return nil, fmt.Errorf("the server's version %q is not one of Kubernetes: %w", server, err)
	}
	return version.MustParseGeneric(fmt.Sprintf("%d.%d.%d", v.Major(), v.Minor(), v.Patch())), nil
}
