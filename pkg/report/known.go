package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// KnownIssue is unexpected behavior of Kubernetes itself with StatefulSets.
type KnownIssue struct {
	// Code is its code, which does not change; all of them are listed in
	// docs/versions.md#known-issues.
	Code string `json:"code"`
	// Versions are the affected versions, and the feature gate.
	Versions string `json:"versions"`
	// When are the conditions under which it occurs.
	When string `json:"when"`
	// What is what Kubernetes does.
	What string `json:"what"`
	// Why is why it matters.
	Why string `json:"why"`
	// WayOut is the workaround: a command or an instruction.
	WayOut sts.Hint `json:"wayOut"`
	// Source is where it is discussed.
	Source string `json:"source"`
	// Shown is true if a test scenario verifies it on the tested versions.
	//
	// It does so on exactly those tested control planes whose versions are affected.
	Shown bool `json:"shown"`

	affects []versions
}

// versions are servers from one version to another, both included. A minor version at the
// end includes all its patches, and an empty end is open.
type versions struct {
	from, to string
	only     string // a further condition, to follow "1.2"
}

const (
	unlessGate, withGate = "without feature gate MaxUnavailableStatefulSet", "with feature gate MaxUnavailableStatefulSet"
	unlessRecreate       = "without feature gate StatefulSetRecreateStrategy"
	withRecreate         = "with feature gate StatefulSetRecreateStrategy"
)

var capitals = regexp.MustCompile(`\B[A-Z]`)

// Scenario is the name of the scenario that reproduces the issue, if it is Shown: known-broken-rollout-stays.
func (k *KnownIssue) Scenario() string {
	return "known-" + strings.ToLower(capitals.ReplaceAllString(k.Code, "-$0"))
}

// knownIssues come from issues and from the controller's source of these versions; the
// scenarios known-*.txtar reproduce those that are Shown on real servers.
var knownIssues = []KnownIssue{
	{
		Code:    "BrokenRolloutStays",
		affects: []versions{{}},
		When:    "podManagementPolicy is OrderedReady (the default)",
		What:    "A pod of a broken update that never became ready is not replaced when the template is rolled back: the controller keeps waiting for it.",
		Why:     "kubectl rollout undo appears to succeed, but nothing happens.",
		WayOut:  sts.Hintf("%s; during a canary: %s", sts.Kubectl("", "sts unstick", "NAME"), sts.Kubectl("", "sts canary abort", "NAME")),
		Source:  "https://github.com/kubernetes/kubernetes/issues/67250",
		Shown:   true,
	},
	{
		Code:    "ParallelRolloutStays",
		affects: []versions{{from: "1.24", to: "1.34", only: withGate}, {from: "1.35.0", to: "1.35.3"}, {from: "1.35.4", to: "1.36", only: withGate}},
		When:    "podManagementPolicy is Parallel",
		What:    "Once maxUnavailable pods are unavailable, pods of a broken update are not replaced when the template is fixed. Without the feature gate they are replaced.",
		Why:     "The StatefulSet stays down. The feature gate was enabled by default from 1.35.0 to 1.35.3.",
		WayOut:  sts.Kubectl("", "sts unstick", "NAME"),
		Source:  "https://github.com/kubernetes/kubernetes/issues/137409",
		Shown:   true,
	},
	{
		Code:    "MaxUnavailableDropped",
		affects: []versions{{from: "1.24", to: "1.34", only: unlessGate}, {from: "1.35.4", to: "1.36", only: unlessGate}},
		When:    "spec.updateStrategy.rollingUpdate.maxUnavailable is set",
		What:    "The API server drops the field without a warning.",
		Why:     "The rollout updates one pod at a time and takes longer, even after an upgrade from a version that kept the field.",
		WayOut:  sts.Hintf("enable the feature gate in kube-apiserver and kube-controller-manager, or expect one pod at a time"),
		Source:  "https://github.com/kubernetes/enhancements/issues/961",
		Shown:   true,
	},
	{
		Code: "MaxUnavailableCountsAll",
		affects: []versions{{from: "1.24", to: "1.34", only: withGate}, {from: "1.35.0", to: "1.35.3"}, {from: "1.35.4", to: "1.36", only: withGate},
			{from: "1.37", to: "1.37"}},
		When:   "spec.updateStrategy.rollingUpdate has a partition and maxUnavailable",
		What:   "An unavailable pod below the partition counts against maxUnavailable, and a percentage applies to all replicas. As of 1.38 only the ordinals from the partition up count for both.",
		Why:    "One broken pod below the partition keeps the update from starting, without any message.",
		WayOut: sts.Hintf("make that pod available first; to find it: %s", sts.Kubectl("", "sts status", "NAME")),
		Source: "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go#L845",
		Shown:  true,
	},
	{
		Code:    "RecreateTakesAllDown",
		affects: []versions{{from: "1.37", to: "1.37", only: withRecreate}, {from: "1.38"}},
		When:    "updateStrategy is Recreate",
		What:    "An update deletes all pods at once, regardless of podManagementPolicy and PodDisruptionBudgets, and creates new pods only after the last one has terminated.",
		Why:     "The StatefulSet is down for the whole update, and a single pod that does not terminate (lost node, finalizer) keeps it down.",
		WayOut: sts.Hintf("to see it in advance: %s; to find the pod that does not terminate: %s",
			sts.Kubectl("", "sts plan", "NAME", "--image", "IMAGE"), sts.Kubectl("", "sts status", "NAME")),
		Source: "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go#L671",
		Shown:  true,
	},
	{
		Code:    "RecreateForgetsClaims",
		affects: []versions{{from: "1.37", to: "1.37", only: withRecreate}, {from: "1.38"}},
		When:    "updateStrategy is Recreate, persistentVolumeClaimRetentionPolicy.whenScaled is Delete, and a single change updates the template and lowers replicas",
		What:    "The claims of the removed ordinals are not deleted: their pods are gone before the controller processes the claims.",
		Why:     "Their volumes still cost money, and a later scale-up reuses the old data.",
		WayOut:  sts.Kubectl("", "sts pvc-gc", "NAME"),
		Source:  "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go#L671",
		Shown:   true,
	},
	{
		Code:    "RecreateGateOff",
		affects: []versions{{from: "1.37", only: unlessRecreate}},
		When:    "updateStrategy is Recreate",
		What:    "The controller does nothing for the StatefulSet: no updates, no scaling, and no replacement for a lost pod. It reports an event with reason UnknownStrategy.",
		Why:     "A StatefulSet that was created while the feature gate was enabled no longer recovers once it is disabled.",
		WayOut:  sts.Hintf("enable the feature gate in kube-apiserver and kube-controller-manager, or set spec.updateStrategy.type to RollingUpdate"),
		Source:  "https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/statefulset/stateful_set_control.go#L577",
		Shown:   true,
	},
	{
		Code:    "UpgradeRollsSets",
		affects: []versions{{from: "1.34.0", to: "1.34.1"}},
		When:    "the control plane is upgraded from 1.33 or older",
		What:    "All StatefulSets restart their pods although their templates have not changed: the server serializes templates differently.",
		Why:     "All databases in the cluster restart during the upgrade of the control plane.",
		WayOut:  sts.Hintf("upgrade directly to 1.34.2 or later"),
		Source:  "https://github.com/kubernetes/kubernetes/issues/134773",
	},
	{
		Code:    "OldRevisionRenamed",
		affects: []versions{{from: "1.34.0"}},
		When:    "a StatefulSet is rolled back to a template that a server of 1.33 or older wrote",
		What:    "The server does not recognize the old revision, unless it is the newest, and creates one with another name.",
		Why:     "The rollback also restarts pods that already run this template.",
		WayOut:  sts.Hintf("leave those pods alone and see how to continue: %s", sts.Kubectl("", "sts canary abort", "NAME")),
		Source:  "https://github.com/kubernetes/kubernetes/pull/135017",
		Shown:   true,
	},
	{
		Code:    "OnDeleteNeverComplete",
		affects: []versions{{to: "1.36"}},
		When:    "updateStrategy is OnDelete",
		What:    "status.currentRevision keeps the old revision after all pods have been replaced, and status.currentReplicas drops to 0.",
		Why:     "Tools that rely on the status wait forever for an update that is complete.",
		WayOut:  sts.Hintf("check the pods: %s", sts.Kubectl("", "sts status", "NAME")),
		Source:  "https://github.com/kubernetes/kubernetes/issues/73492",
		Shown:   true,
	},
	{
		Code:    "AvailabilitySeenLate",
		affects: []versions{{from: "1.22", to: "1.35.0"}},
		When:    "minReadySeconds is set, and pods do not become ready at once",
		What:    "The controller may notice minReadySeconds or more too late that a pod has become available.",
		Why:     "Rollouts, and tools that wait for them, take up to twice as long.",
		WayOut:  sts.Hintf("none required, the rollout continues by itself; use a long --timeout"),
		Source:  "https://github.com/kubernetes/kubernetes/issues/119352",
		Shown:   true,
	},
	{
		Code:    "CompleteBeforeAvailable",
		affects: []versions{{from: "1.22"}},
		When:    "minReadySeconds is set",
		What:    "status.currentRevision changes to the new revision as soon as the last pod is ready, not when it is available.",
		Why:     "Tools that rely on the status report a complete update although its last pod may still fail.",
		WayOut:  sts.Hintf("wait for the pods to be available: %s", sts.Kubectl("", "sts status", "NAME", "--for=complete")),
		Source:  "https://github.com/kubernetes/kubernetes/issues/136831",
		Shown:   true,
	},
	{
		Code:    "ZeroForgetsPartition",
		affects: []versions{{}},
		When:    "a StatefulSet with a partition is scaled to 0 during an update, and back up",
		What:    "All pods are recreated at the new revision, including those below the partition.",
		Why:     "The canary now includes all pods, and the previous revision may have been deleted.",
		WayOut:  sts.Hintf("restore the previous template, which was recorded: %s", sts.Kubectl("", "sts canary abort", "NAME")),
		Source:  "https://github.com/kubernetes/kubernetes/issues/121534",
		Shown:   true,
	},
	{
		Code:    "PartitionForgotten",
		affects: []versions{{from: "1.27.0", to: "1.27.7"}, {from: "1.28.0", to: "1.28.3"}},
		When:    "a pod below the partition is deleted during an update",
		What:    "The pod is recreated at the new revision.",
		Why:     "Each node failure adds pods to the canary.",
		WayOut:  sts.Hintf("upgrade to 1.27.8 or 1.28.4"),
		Source:  "https://github.com/kubernetes/kubernetes/issues/119685",
	},
	{
		Code:    "ClaimOutlivesSet",
		affects: []versions{{from: "1.27"}},
		When:    "persistentVolumeClaimRetentionPolicy.whenDeleted is Delete",
		What:    "A claim that was created just before its StatefulSet is deleted can remain, because it has no owner reference yet.",
		Why:     "Its volume still costs money, and a StatefulSet with the same name reuses the old data.",
		WayOut:  sts.Kubectl("", "sts pvc-gc", "-A"),
		Source:  "https://github.com/kubernetes/kubernetes/pull/142130",
	},
	{
		Code:    "StaleClaimWaits",
		affects: []versions{{from: "1.27"}},
		When:    "persistentVolumeClaimRetentionPolicy.whenScaled is Delete, and a StatefulSet is scaled down, and up again before the old claims are gone",
		What:    "The controller rightly creates the pod only when its old claim is gone, but is not notified of this: the pod may be missing for hours.",
		Why:     "The StatefulSet has too few pods, and no event explains why.",
		WayOut:  sts.Hintf("the controller retries after any change of the StatefulSet: %s", sts.Kubectl("", "annotate statefulset", "NAME", "example.com/retry=now")),
		Source:  "https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/controller/statefulset/stateful_set_control.go#L436",
		Shown:   true,
	},
	{
		Code:    "ForegroundDeletionHangs",
		affects: []versions{{from: "1.27"}},
		When:    "persistentVolumeClaimRetentionPolicy.whenScaled is Delete, and the StatefulSet is deleted with --cascade=foreground during a scale-down",
		What:    "Pods that the scale-down had not reached wait for their claims, and the claims wait for the pods: neither is deleted, nor is the StatefulSet.",
		Why:     "kubectl delete does not finish.",
		WayOut:  sts.Hintf("once its phase is Succeeded or Failed: %s", sts.Kubectl("", "patch pod", "NAME", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)),
		Source:  "https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/controller/volume/pvcprotection/pvc_protection_controller.go#L449",
		Shown:   true,
	},
}

func (v versions) String() string {
	text := "all versions"
	switch {
	case v.from != "" && v.from == v.to:
		text = v.from
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

// KnownIssues are all known issues, of all versions.
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

// KnownOf are the issues of a server, by the version that it reports. Those that require a
// feature gate to be enabled or disabled are included, with this condition in When.
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

// release is the version without a vendor's suffix: v1.34.1-eks-d96d92f is 1.34.1.
func release(server string) (*version.Version, error) {
	v, err := version.ParseGeneric(server)
	if err != nil {
		return nil, fmt.Errorf("parse server version %q: %w", server, err)
	}
	return version.MustParseGeneric(fmt.Sprintf("%d.%d.%d", v.Major(), v.Minor(), v.Patch())), nil
}
