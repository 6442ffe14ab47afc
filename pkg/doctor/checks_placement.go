package doctor

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// placementChecks are about the nodes on which pods run.
func placementChecks() []*Check {
	return []*Check{
		{
			Code: "SpreadMissesSelf", Severity: sts.SeverityWarning, Looks: Everywhere,
			Title: "The rule that should spread the pods does not select them",
			Explain: "A podAntiAffinity term or topology spread constraint keeps pods apart only if its selector matches their own labels. " +
				"Warning if none does and one has a label or the name of this StatefulSet in it, or is a topology spread constraint. " +
				"Nothing for a single replica, and for anti-affinity to the pods of another application.",
			Remedy: "Set the selector to labels of the pod template.",
			Run:    spreadMissesSelf,
		},
		{
			Code: "NoSpread", Severity: sts.SeverityInfo, Looks: Manifests,
			Title: "Nothing keeps the pods on different nodes",
			Explain: "Without podAntiAffinity or topologySpreadConstraints only the scheduler's default spreads the pods, as far as it is convenient: " +
				"several may share a node and fail with it. " +
				"Nothing is reported for a single replica, for pods with a host port, and if SpreadMissesSelf reports the rule that should spread them.",
			Remedy: "Add a topology spread constraint for kubernetes.io/hostname.",
			After:  []sts.FindingCode{"SpreadMissesSelf"},
			Run:    noSpread,
		},
		{
			Code: "AllOnOneNode", Severity: sts.SeverityWarning, Looks: Cluster, Needs: []string{"pods", "nodes"},
			Title: "All pods are on one node, or in one zone",
			Explain: "The failure of that node stops all of them. Warning for a node, info for a zone. " +
				"Reported only if there are other Ready nodes, in other zones, that the pods can run on: by node selector, required node affinity and taints. " +
				"Not reported for pods with a podAffinity or a nodeName, and while a pod is missing.",
			Remedy: "Add a topology spread constraint, then restart the pods one at a time. A pod with a local volume stays on its node.",
			Run:    allOnOneNode,
		},
		{
			Code: "VolumeZoneLost", Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"pods", "nodes", "persistentvolumeclaims", "persistentvolumes"},
			Title: "No node can reach the volume of a pod",
			Explain: "The PersistentVolume has a node affinity, usually a zone or a node, that no node of the cluster matches, and the pod cannot be scheduled. " +
				"Reported once it has waited for ten minutes, as a node may be added for it. Nodes that are not ready count, as they may return.",
			Remedy: "Add a node there. If it is lost for good, restore the data: with a new claim the pod starts empty.",
			Run:    volumeZoneLost,
		},
		{
			Code: "LostNode", Severity: sts.SeverityError, Looks: Cluster, Needs: []string{"pods", "nodes"},
			Title: "Pods or volumes are held by a lost node",
			Explain: "The node does not report, or was deleted, for longer than the pods tolerate it (5 minutes by default). " +
				"A StatefulSet never runs two pods of one name, so the pods are not recreated until it is certain that the old ones have ended. " +
				"Info once the node has the taint node.kubernetes.io/out-of-service, which removes them.",
			Remedy: "Find out whether the machine is off, then taint the node as out of service.",
			Run:    lostNodes,
		},
	}
}

// meansSelf: the selector has a value of the set's own labels, or its name, in it.
func (r spread) meansSelf(l *Look) bool {
	if r.constraint {
		return true
	}
	if r.others || r.selector == nil {
		return false
	}
	values := map[string]bool{l.Set.Name: true}
	for _, value := range l.Set.Spec.Template.Labels {
		values[value] = true
	}
	for _, value := range r.selector.MatchLabels {
		if values[value] {
			return true
		}
	}
	return slices.ContainsFunc(r.selector.MatchExpressions, func(q metav1.LabelSelectorRequirement) bool {
		return q.Operator == metav1.LabelSelectorOpIn && slices.ContainsFunc(q.Values, func(v string) bool { return values[v] })
	})
}

func spreadMissesSelf(l *Look) []DoctorFinding {
	if l.replicas() < 2 {
		return nil
	}
	var missing []spread
	for _, r := range spreadsOf(l.Set.Namespace, &l.Set.Spec.Template) {
		if r.own != isNot {
			return nil
		}
		if r.meansSelf(l) && !l.selectsAnother(r) {
			missing = append(missing, r)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	field := missing[0].field + ".labelSelector"
	found := l.found("", field, msgSpreadMissesSelf(missing[0].constraint, metav1.FormatLabelSelector(missing[0].selector), l.Set.Spec.Template.Labels), hintSpreadSelector())
	found[0].Patch = missing[0].patch(&l.Set.Spec.Template.Spec, l.ownLabels())
	return found
}

// selectsAnother: the rule selects the pods of another set or Deployment that is known.
func (l *Look) selectsAnother(r spread) bool {
	selector, err := metav1.LabelSelectorAsSelector(r.selector)
	if err != nil || r.selector == nil {
		return false
	}
	for _, other := range l.Sets {
		if other != l.Set && other.Namespace == l.Set.Namespace && selector.Matches(labels.Set(other.Spec.Template.Labels)) {
			return true
		}
	}
	for _, other := range l.Deployments {
		if other.Namespace == l.Set.Namespace && selector.Matches(labels.Set(other.Spec.Template.Labels)) {
			return true
		}
	}
	return false
}

func noSpread(l *Look) []DoctorFinding {
	if l.replicas() < 2 || hasHostPort(&l.Set.Spec.Template.Spec) || l.reports("SpreadMissesSelf") {
		return nil
	}
	if slices.ContainsFunc(spreadsOf(l.Set.Namespace, &l.Set.Spec.Template), func(r spread) bool { return r.own != isNot }) {
		return nil
	}
	anti, constraints := false, false // for other pods
	for _, r := range spreadsOf(l.Set.Namespace, &l.Set.Spec.Template) {
		anti, constraints = anti || !r.constraint, constraints || r.constraint
	}
	found := l.found("", "spec.template.spec", msgNoSpread(l.replicas(), anti, constraints), hintSpread())
	found[0].Patch = spreadPatch(l.ownLabels())
	return found
}

func spreadPatch(own map[string]string) string {
	return patchAt("spec.template.spec.topologySpreadConstraints", []any{map[string]any{
		"maxSkew": 1, "topologyKey": corev1.LabelHostname, "whenUnsatisfiable": corev1.ScheduleAnyway,
		"labelSelector": map[string]any{"matchLabels": own},
	}})
}

// hasHostPort: two such pods cannot be on one node.
func hasHostPort(spec *corev1.PodSpec) bool {
	return slices.ContainsFunc(spec.Containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort > 0 || spec.HostNetwork })
	})
}

// together: the pods are meant to be on one node.
func together(spec *corev1.PodSpec) bool {
	return spec.NodeName != "" || spec.Affinity != nil && spec.Affinity.PodAffinity != nil
}

func allOnOneNode(l *Look) []DoctorFinding {
	node := ""
	var ordinals []sts.Ordinal
	zones := map[string]bool{}
	replicas := l.Replicas()
	for _, r := range replicas {
		if !r.Desired {
			continue
		}
		if r.Pod == nil || r.Pod.Spec.NodeName == "" || r.Terminating {
			return nil
		}
		on := l.node(r.Pod.Spec.NodeName)
		if on == nil {
			return nil
		}
		zones[on.Labels[corev1.LabelTopologyZone]] = true
		if node == "" || node == on.Name {
			node = on.Name
		} else {
			node = "-"
		}
		ordinals = append(ordinals, r.Ordinal)
	}
	if len(ordinals) < 2 || together(&l.Set.Spec.Template.Spec) {
		return nil
	}
	var nodes, inZones []string
	for _, n := range l.Nodes {
		if !nodeReady(n) || n.Spec.Unschedulable || !runsOn(&l.Set.Spec.Template.Spec, n) {
			continue
		}
		if n.Name != node {
			nodes = append(nodes, n.Name)
		}
		if zone := n.Labels[corev1.LabelTopologyZone]; zone != "" && !zones[zone] && !slices.Contains(inZones, zone) {
			inZones = append(inZones, zone)
		}
	}
	slices.Sort(nodes)
	slices.Sort(inZones)
	switch {
	case node != "-" && len(nodes) > 0:
		found := l.found("", "", msgAllOnOneNode(len(ordinals), node, nodes), hintSpread())
		found[0].Patch = spreadPatch(l.ownLabels())
		return found
	case node == "-" && len(zones) == 1 && !zones[""] && len(inZones) > 0:
		for zone := range zones {
			return l.found(sts.SeverityInfo, "", msgAllInOneZone(len(ordinals), zone, inZones), hintSpreadZones())
		}
	}
	return nil
}

// zonePatience is how long a pod may wait for a node that is added for it.
const zonePatience = 10 * time.Minute

func volumeZoneLost(l *Look) []DoctorFinding {
	var ordinals []sts.Ordinal
	var first *corev1.PersistentVolume
	var claim string
	for _, r := range l.Replicas() {
		if !r.Desired || r.Pod == nil || r.Terminating || r.Pod.Spec.NodeName != "" {
			continue
		}
		scheduled := sts.Condition(r.Pod, corev1.PodScheduled)
		if scheduled == nil || scheduled.Status != corev1.ConditionFalse || l.TakenAt.Sub(scheduled.LastTransitionTime.Time) < zonePatience {
			continue
		}
		for _, name := range sts.MountedClaims(r.Pod) {
			volume := l.volumeOf(l.Claim(name))
			if len(l.Nodes) == 0 || volume == nil || volume.Spec.NodeAffinity == nil || volume.Spec.NodeAffinity.Required == nil ||
				slices.ContainsFunc(l.Nodes, func(n *corev1.Node) bool { return reaches(volume.Spec.NodeAffinity.Required, n) }) {
				continue
			}
			ordinals = append(ordinals, r.Ordinal)
			if first == nil {
				first, claim = volume, name
			}
			break
		}
	}
	if first == nil {
		return nil
	}
	found := l.found("", "", msgVolumeZoneLost(l.Name(ordinals[0]), claim, first.Name, termsOf(first.Spec.NodeAffinity.Required), ordinals[1:]), hintVolumeZone(first.Name))
	found[0].Ordinals = ordinals
	return found
}

// volumeOf is the volume of a claim, nil if it is not known.
func (l *Look) volumeOf(claim *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	if claim == nil || claim.Spec.VolumeName == "" {
		return nil
	}
	for _, v := range l.PersistentVolumes {
		if v.Name == claim.Spec.VolumeName {
			return v
		}
	}
	return nil
}
