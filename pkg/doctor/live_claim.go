package doctor

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// troubled are desired replicas that are not available for one reason.
type troubled struct {
	trouble  *diagnose.Trouble
	first    sts.Replica
	ordinals []sts.Ordinal
}

// troubles groups the replicas that will not become available by themselves, by key; those without a key are
// left out.
func (l *Look) troubles(key func(sts.Replica, *diagnose.Trouble) string) []troubled {
	var out []troubled
	at := map[string]int{}
	for _, r := range l.Replicas() {
		t := diagnose.Replica(l.Snapshot, r)
		if t == nil || !t.Failing {
			continue
		}
		k := key(r, t)
		if k == "" {
			continue
		}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k], out = i, append(out, troubled{trouble: t, first: r})
		}
		out[i].ordinals = append(out[i].ordinals, r.Ordinal)
	}
	return out
}

// found is a finding about the replicas.
func (t *troubled) found(l *Look, message string, hint sts.Hint) []DoctorFinding {
	found := l.found("", "", message, hint)
	found[0].Ordinals = t.ordinals
	return found
}

func claimPending(l *Look) []DoctorFinding {
	var out []DoctorFinding
	for _, t := range l.troubles(func(r sts.Replica, t *diagnose.Trouble) string {
		c := l.Claim(t.Claim)
		if c == nil || c.Status.Phase != corev1.ClaimPending {
			return ""
		}
		if class, _ := classOf(c); l.reportsOrdinal("ClassMissing", r.Ordinal) && unbound(c) && l.lacksClass(class) {
			return ""
		}
		if stem, _, ok := sts.CutOrdinal(c.Name); ok { // one finding for all claims of a template
			return stem
		}
		return c.Name
	}) {
		message := msgPodWaits(l.Name(t.first.Ordinal), t.trouble.Message, len(t.ordinals)-1)
		out = append(out, t.found(l, message, diagnose.LookCommand(l.Snapshot, t.first.Ordinal, t.trouble))...)
	}
	return out
}

func claimLost(l *Look) []DoctorFinding {
	var out []DoctorFinding
	for _, r := range l.Replicas() {
		if !r.Desired {
			continue
		}
		risks := diagnose.ClaimRisks(l.Snapshot, r)
		for _, c := range r.Claims { // also where there is no pod
			if c.Status.Phase == corev1.ClaimLost && !slices.Contains(diagnose.RiskClaims(risks), c.Name) {
				if risk := diagnose.NewClaimRisk(c, l.Volume, l.Volumes != nil && l.Knows("persistentvolumes"), l.TakenAt); risk != nil {
					risks = append(risks, *risk)
				}
			}
		}
		for _, risk := range risks {
			severity := sts.SeverityWarning
			switch risk.Reason {
			case diagnose.ClaimIsLost:
				severity = sts.SeverityError
			case diagnose.ClaimIsTerminating, diagnose.VolumeIsTerminating:
			default:
				continue // claims and volumes are listed one after the other: it may be bound by now
			}
			hint := sts.Kubectl(l.Set.Namespace, "describe pvc", risk.Claim)
			if rescue := diagnose.RescueCommand(l.Set.Namespace, []diagnose.ClaimRisk{risk}); len(rescue) > 0 {
				hint = rescue
			}
			f := on(l.Claim(risk.Claim), "PersistentVolumeClaim", severity, "", risk.Message, hint)
			f.Ordinals = []sts.Ordinal{r.Ordinal}
			out = append(out, f)
		}
	}
	return out
}

func attachFailed(l *Look) []DoctorFinding {
	var out []DoctorFinding
	for _, t := range l.troubles(func(_ sts.Replica, t *diagnose.Trouble) string {
		if t.Reason == "FailedAttachVolume" || t.Reason == "FailedMount" {
			return t.Reason
		}
		return ""
	}) {
		message := msgPodWaits(l.Name(t.first.Ordinal), t.trouble.Message, len(t.ordinals)-1)
		hint := diagnose.LookCommand(l.Snapshot, t.first.Ordinal, t.trouble)
		if a := l.attachedElsewhere(t.first.Pod); a != nil && t.trouble.Reason == "FailedAttachVolume" {
			gone, down := l.nodeState(a.Spec.NodeName)
			message += msgAttachedTo(*a.Spec.Source.PersistentVolumeName, a.Spec.NodeName, gone, down)
			hint = sts.Kubectl("", "describe volumeattachment", a.Name)
			if down {
				hint = hintOutOfService(a.Spec.NodeName)
			}
		}
		out = append(out, t.found(l, message, hint)...)
	}
	return out
}

// attachedElsewhere is the attachment of a volume of the pod to another node than the pod's, nil if there is none.
func (l *Look) attachedElsewhere(pod *corev1.Pod) *storagev1.VolumeAttachment {
	var volumes []string
	for _, name := range sts.MountedClaims(pod) {
		if c := l.Claim(name); c != nil && c.Spec.VolumeName != "" {
			volumes = append(volumes, c.Spec.VolumeName)
		}
	}
	for _, a := range l.Attachments {
		if source := a.Spec.Source.PersistentVolumeName; source != nil && slices.Contains(volumes, *source) && a.Spec.NodeName != pod.Spec.NodeName && a.Status.Attached {
			return a
		}
	}
	return nil
}

// nodeState says whether the node does not exist, or is not ready; neither where nodes could not be read.
func (in *Input) nodeState(name string) (gone, down bool) {
	if !in.Knows("nodes") || len(in.Nodes) == 0 {
		return false, false
	}
	n := in.node(name)
	if n == nil {
		return true, false
	}
	ready := sts.NodeReady(n)
	return false, ready == nil || ready.Status != corev1.ConditionTrue
}

// sized are claims that request the same size.
type sized struct {
	size   resource.Quantity
	claims []ordinalClaim
}

// bySize groups the claims by the size that they request, the smallest first.
func bySize(claims []ordinalClaim) []sized {
	var out []sized
	for _, c := range claims {
		size := c.Spec.Resources.Requests[corev1.ResourceStorage]
		i := slices.IndexFunc(out, func(s sized) bool { return s.size.Cmp(size) == 0 })
		if i < 0 {
			i = len(out)
			out = append(out, sized{size: size})
		}
		out[i].claims = append(out[i].claims, c)
	}
	slices.SortFunc(out, func(a, b sized) int { return a.size.Cmp(b.size) })
	return out
}

func claimSizeDrift(l *Look) []DoctorFinding {
	var out []DoctorFinding
	all := l.desiredClaims()
	for i := range l.Set.Spec.VolumeClaimTemplates {
		t := &l.Set.Spec.VolumeClaimTemplates[i]
		have := bySize(slices.DeleteFunc(slices.Clone(all), func(c ordinalClaim) bool { return c.template != i }))
		field := fmt.Sprintf("spec.volumeClaimTemplates[%d].spec.resources.requests.storage", i)
		size := t.Spec.Resources.Requests[corev1.ResourceStorage]
		switch {
		case len(have) > 1:
			var parts []string
			for _, h := range have {
				parts = append(parts, msgClaimSize(h.size.String(), ordinalsOf(h.claims)))
			}
			found := l.found("", field, msgSizesDiffer(t.Name, parts), l.resize(have[0].claims, have[len(have)-1].size))
			found[0].Ordinals = ordinalsOf(have[0].claims)
			out = append(out, found...)
		case len(have) == 1 && have[0].size.Cmp(size) < 0:
			out = append(out, l.found(sts.SeverityInfo, field, msgTemplateLarger(t.Name, size.String(), have[0].size.String()), l.resize(have[0].claims, size))...)
		}
	}
	return out
}

// resize are the commands that resize the claims, or the first of them; nil if their StorageClass does not
// allow it or is not known.
func (l *Look) resize(claims []ordinalClaim, size resource.Quantity) sts.Hint {
	var hints []sts.Hint
	for _, c := range claims {
		name, _ := classOf(c.PersistentVolumeClaim)
		class := l.class(name)
		if class == nil || class.AllowVolumeExpansion == nil || !*class.AllowVolumeExpansion {
			return nil
		}
		hints = append(hints, sts.Kubectl(l.Set.Namespace, "patch pvc", c.Name, "-p", fmt.Sprintf(`{"spec":{"resources":{"requests":{"storage":%q}}}}`, size.String())))
		if len(hints) == 3 {
			break
		}
	}
	return sts.JoinHints(hints, "")
}

func leftoverClaims(in *Input) []DoctorFinding {
	type key struct{ namespace, name string }
	sets := map[key]*appsv1.StatefulSet{}
	for _, set := range in.Sets {
		sets[key{set.Namespace, set.Name}] = set
	}
	of := map[*appsv1.StatefulSet][]leftover{}
	report, _ := claims.NewReport(in.Inventory, claims.Query{})
	for i := range report.Items { // by ordinal
		c := &report.Items[i]
		set := sets[key{c.Namespace, c.Set}]
		if !c.Candidate || set == nil || c.Ordinal == nil || *c.Ordinal < sts.Start(set) {
			continue // ordinals below the start may have moved to another cluster, and may come back
		}
		of[set] = addLeftover(of[set], c)
	}
	var out []DoctorFinding
	for _, set := range in.Sets {
		if left := of[set]; len(left) > 0 {
			out = append(out, on(set, "StatefulSet", "", "", msgLeftovers(left), sts.Kubectl(set.Namespace, "sts pvc-gc", set.Name)))
		}
	}
	return out
}

// leftover are claims that remain unused for one reason.
type leftover struct {
	names  []string
	size   resource.Quantity
	reason string
}

func addLeftover(left []leftover, c *claims.Claim) []leftover {
	i := slices.IndexFunc(left, func(l leftover) bool { return l.reason == c.Message })
	if i < 0 {
		i = len(left)
		left = append(left, leftover{reason: c.Message})
	}
	left[i].names = append(left[i].names, c.Name)
	if size, err := resource.ParseQuantity(c.Size); err == nil {
		left[i].size.Add(size)
	}
	return left
}
