package plan

import (
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Trial is a pod that stands for all those that the controller will create because of a plan
// on one revision, in place of pods on one revision or of none. They differ by name, hostname,
// claims and index only.
type Trial struct {
	// Pod is the first of them that will be created, as the controller sends it.
	Pod *corev1.Pod
	// Fresh: the revision does not exist now. Unnamed: its name will be the API server's, and the
	// label has a name of the same form.
	Fresh, Unnamed bool
	// Replaces is the pod that goes before, nil where there is none.
	Replaces *corev1.Pod
	// Count is how many pods it stands for.
	Count int
	// Claims is what a ResourceQuota counts for the claims that will be created for these pods.
	Claims corev1.ResourceList
	// Costs: a pod that works would be lost for it, or it is one that a larger size requires.
	// What replaces nothing, or only what fails already, makes nothing worse.
	Costs bool
}

// source is what the pod is created from, for a sentence.
func (t Trial) source() string {
	if t.Unnamed {
		return "new template"
	}
	return "revision " + sts.PodRevision(t.Pod)
}

// ForetellTrials is [Foretell], and the pods to be tried before the plan begins: those that the
// controller creates because of it until nothing moves any more, also after the command has ended.
// A pod that is missing already and that the controller tries to create anyway is no part of it.
func ForetellTrials(i Intent, s *sts.Snapshot) ([]Decision, []Trial) {
	w := newForetold(s)
	var created []*corev1.Pod
	w.Created = func(p *corev1.Pod) { created = append(created, p) }
	steps := w.run(i, s)
	if !slices.ContainsFunc(steps, func(d Decision) bool { return d.Action != nil && d.Action.Writes() }) {
		return steps, nil
	}
	if n := len(steps); n > 1 && steps[n-2].Then != nil { // its last write, after which no plan is needed
		if err := w.apply(steps[n-2].Action); err != nil {
			return steps, nil
		}
	}
	for n := 0; w.Advance() && n < w.enough(); n++ {
	}
	return steps, trials(s, created, wayBack(i))
}

// wayBack says whether an intent takes an update back. A pod that fails is then no loss.
func wayBack(i Intent) bool {
	switch i.(type) {
	case AbortCanary, Unstick:
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
		if r.Pod != nil && (r.Terminating || back && isFailing(s, r)) {
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

// before is what the pod that goes has used.
func (t Trial) before(now time.Time) corev1.ResourceList {
	if t.Replaces == nil {
		return nil
	}
	return sts.PodUsage(t.Replaces, now)
}

// CheckQuotas holds all pods that will be created, and those that go for them, against the quotas.
// It returns what is exceeded, and the first trial that has a part in it. Quotas with scopes are left
// to the API server's own answer, and so is what admission adds to the new pods.
func CheckQuotas(quotas []*corev1.ResourceQuota, trials []Trial, now time.Time) (*Objection, Trial) {
	need, part := corev1.ResourceList{}, map[corev1.ResourceName]Trial{}
	for _, t := range trials {
		more := t.Claims.DeepCopy()
		if more == nil {
			more = corev1.ResourceList{}
		}
		before := t.before(now)
		for name, q := range sts.PodUsage(t.Pod, now) {
			q.Sub(before[name])
			q.Mul(int64(t.Count))
			more[name] = q
		}
		for name, q := range more {
			sum := need[name]
			sum.Add(q)
			need[name] = sum
			if _, known := part[name]; !known && q.Sign() > 0 {
				part[name] = t
			}
		}
	}
	for _, quota := range quotas {
		if len(quota.Spec.Scopes) > 0 || quota.Spec.ScopeSelector != nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(quota.Status.Hard)) {
			hard, used, requested := quota.Status.Hard[name], quota.Status.Used[name], need[name]
			sum := used.DeepCopy()
			sum.Add(requested)
			if requested.Sign() > 0 && sum.Cmp(hard) > 0 {
				return &Objection{Kind: ByQuota, Name: quota.Name, Exceeded: map[corev1.ResourceName]QuotaUse{name: {requested, used, hard}}}, part[name]
			}
		}
	}
	return nil, Trial{}
}
