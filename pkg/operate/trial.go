package operate

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Trial is a pod that represents all pods that the controller will create because of a plan on
// one revision, replacing pods on one revision or none. They differ only by name, hostname,
// claims and index.
type Trial struct {
	// Pod is the first of them that will be created, as the controller sends it.
	Pod *corev1.Pod
	// Fresh: the revision does not exist now. Unnamed: its name will be the API server's, and the
	// label has a name of the same form.
	Fresh, Unnamed bool
	// Replaces is the pod that is removed first, nil where there is none.
	Replaces *corev1.Pod
	// Count is how many pods it represents, Ordinals which.
	Count    int
	Ordinals []sts.Ordinal
	// Claims is what a ResourceQuota counts for the claims that will be created for these pods.
	Claims corev1.ResourceList
	// Costs: a working pod would be lost for it, or a larger size requires it. A pod that replaces
	// nothing, or only a failing pod, makes nothing worse.
	Costs bool
	// together: it represents several pods that are rejected because of their sum, also of several
	// revisions.
	together bool
	others   []string // sources
}

// pods names the pods that are rejected.
func (t Trial) pods() string {
	if t.together && len(t.Ordinals) > 1 {
		return msgPodsTogether(t.Ordinals)
	}
	return "pod " + t.Pod.Name
}

// source is the template that the pod is created from, for a message.
func (t Trial) source() string {
	source := "revision " + sts.PodRevision(t.Pod)
	if t.Unnamed {
		source = "new template"
	}
	return strings.Join(append([]string{source}, t.others...), ", ")
}

// PreviewTrials predicts the plan, with the pods to try before it begins: those that the
// controller creates because of it until nothing moves any more, also after the command has ended.
// A pod that is missing already, and that the controller creates in any case, is not included.
func PreviewTrials(i Intent, s *sts.Snapshot) ([]Decision, []Trial) {
	return PreviewStored(i, s, nil)
}

// PreviewStored is [PreviewTrials] where the API server stores another template than the one that
// the plan restores or sets, and the plan accepts that.
func PreviewStored(i Intent, s *sts.Snapshot, template *corev1.PodTemplateSpec) ([]Decision, []Trial) {
	w := newPreview(s)
	w.stored = template
	var created []*corev1.Pod
	w.Created = func(p *corev1.Pod) { created = append(created, p) }
	steps := w.run(i, s)
	if !slices.ContainsFunc(steps, func(d Decision) bool { return d.Action != nil && d.Action.IsAPIWrite() }) {
		return steps, nil
	}
	if n := len(steps); n > 1 && steps[n-2].Then != nil { // its last write, after which no plan is needed
		if err := w.apply(steps[n-2].Action); err != nil {
			return steps, nil
		}
	}
	for n := 0; w.Advance() && n < w.enough(); n++ {
	}
	return steps, trials(s, created, rollsBack(i))
}

// rollsBack says whether an intent rolls an update back. A pod that is not ready is then no loss.
func rollsBack(i Intent) bool {
	switch i.(type) {
	case abortCanary, unstick:
		return true
	}
	return false
}

func trials(s *sts.Snapshot, created []*corev1.Pod, back bool) []Trial {
	now := map[sts.Ordinal]sts.Replica{}
	for _, r := range s.Replicas() {
		now[r.Ordinal] = r
	}
	type kind struct{ to, from string }
	at := map[kind]int{}
	var out []Trial
	seen := map[string]bool{}
	for _, p := range created {
		o, ok := sts.ParsePodName(s.Set.Name, p.Name)
		revision := sts.PodRevision(p)
		if !ok || seen[p.Name+" "+revision] {
			continue
		}
		seen[p.Name+" "+revision] = true
		r, present := now[o]
		missing := present && r.Pod == nil
		if missing && revision == s.RevisionFor(o) {
			continue
		}
		costs := !missing
		if r.Pod != nil && (r.Terminating || back && !r.Ready) {
			costs = false
		}
		k := kind{revision, r.Revision}
		n, known := at[k]
		if !known {
			n = len(out)
			at[k] = n
			fresh := !slices.ContainsFunc(s.Revisions, func(r *appsv1.ControllerRevision) bool { return r.Name == revision })
			t := Trial{Pod: p, Fresh: fresh, Unnamed: fresh && len(validation.IsValidLabelValue(revision)) > 0, Replaces: r.Pod}
			if t.Unnamed {
				p.Labels[appsv1.StatefulSetRevisionLabel] = s.Set.Name + "-0000000000"
			}
			out = append(out, t)
		}
		out[n].Count++
		out[n].Ordinals = append(out[n].Ordinals, o)
		if r.Pod == nil {
			out[n].Claims = addClaims(out[n].Claims, s, o)
		}
		out[n].Costs = out[n].Costs || costs
	}
	return out
}

// addClaims adds the claims of an ordinal that do not exist.
func addClaims(sum corev1.ResourceList, s *sts.Snapshot, o sts.Ordinal) corev1.ResourceList {
	for i := range s.Set.Spec.VolumeClaimTemplates {
		t := &s.Set.Spec.VolumeClaimTemplates[i]
		name := sts.ClaimName(t.Name, s.Set.Name, o)
		if slices.ContainsFunc(s.Claims, func(c *corev1.PersistentVolumeClaim) bool { return c.Name == name }) {
			continue
		}
		if sum == nil {
			sum = corev1.ResourceList{}
		}
		one := *resource.NewQuantity(1, resource.DecimalSI)
		for counted, q := range map[corev1.ResourceName]resource.Quantity{
			corev1.ResourcePersistentVolumeClaims: one, "count/persistentvolumeclaims": one,
			corev1.ResourceRequestsStorage: t.Spec.Resources.Requests[corev1.ResourceStorage],
		} {
			have := sum[counted]
			have.Add(q)
			sum[counted] = have
		}
	}
	return sum
}

// NeedsMore says whether the pods of the trials together may need more of a quota than their
// predecessors, or need claims: one of them at a time may fit, and all of them not.
func NeedsMore(trials []Trial, now time.Time) bool {
	for _, t := range trials {
		if len(t.Claims) > 0 {
			return true
		}
		if t.Count < 2 {
			continue
		}
		before := t.before(now)
		for name, q := range sts.PodUsage(t.Pod, now) {
			if old := before[name]; q.Cmp(old) > 0 {
				return true
			}
		}
	}
	return false
}

// before is the usage of the replaced pod.
func (t Trial) before(now time.Time) corev1.ResourceList {
	if t.Replaces == nil {
		return nil
	}
	return sts.PodUsage(t.Replaces, now)
}

// CheckQuotas checks the pods that will be created, and those that they replace, against the quotas.
// It returns the quota that is exceeded, and one trial for all pods that contribute to it. Quotas with
// scopes are left to the API server's own answer, and so is what admission adds to the new pods.
func CheckQuotas(quotas []*corev1.ResourceQuota, trials []Trial, now time.Time) (*Objection, Trial) {
	type share struct{ requested, freed corev1.ResourceList }
	shares := make([]share, len(trials))
	total := map[corev1.ResourceName]QuotaUse{}
	for n, t := range trials {
		shares[n] = share{t.times(sts.PodUsage(t.Pod, now)), t.times(t.before(now))}
		for name, q := range t.Claims {
			have := shares[n].requested[name]
			have.Add(q)
			shares[n].requested[name] = have
		}
		for name, q := range shares[n].requested {
			use := total[name]
			use.Requested.Add(q)
			total[name] = use
		}
		for name, q := range shares[n].freed {
			use := total[name]
			use.Freed.Add(q)
			total[name] = use
		}
	}
	for _, quota := range quotas {
		if len(quota.Spec.Scopes) > 0 || quota.Spec.ScopeSelector != nil {
			continue
		}
		short := map[corev1.ResourceName]QuotaUse{}
		for name, hard := range quota.Status.Hard {
			use := total[name]
			use.Used, use.Limited = quota.Status.Used[name], hard
			if use.Requested.Cmp(use.Freed) > 0 && !use.fits() {
				short[name] = use
			}
		}
		if len(short) == 0 {
			continue
		}
		var parts []Trial
		for n, t := range trials {
			for name := range short {
				if q := shares[n].requested[name]; q.Cmp(shares[n].freed[name]) > 0 {
					parts = append(parts, t)
					break
				}
			}
		}
		return &Objection{Kind: ByQuota, Name: quota.Name, Exceeded: short}, joined(parts)
	}
	return nil, Trial{}
}

// times is a list for all pods of the trial.
func (t Trial) times(one corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	for name, q := range one {
		sum := q.DeepCopy()
		sum.Mul(int64(t.Count))
		out[name] = sum
	}
	return out
}

// joined is one trial for pods that are rejected because of their sum.
func joined(parts []Trial) Trial {
	out := parts[0]
	out.together = true
	out.Ordinals = slices.Clone(out.Ordinals)
	for _, t := range parts[1:] {
		out.Ordinals = append(out.Ordinals, t.Ordinals...)
		out.Costs = out.Costs || t.Costs
		out.others = append(out.others, t.source())
	}
	slices.Sort(out.Ordinals)
	out.Ordinals = slices.Compact(out.Ordinals)
	return out
}
