package doctor

import (
	"encoding/json"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const budgetKind = "PodDisruptionBudget"

func budgetMissing(l *Look) []DoctorFinding {
	if l.replicas() < 2 || len(l.Budgets) > 0 || operated(l.Set) || l.budgetUnread() {
		return nil
	}
	near := l.meantFor()
	if near == nil && l.selectedLater() {
		return nil
	}
	severity := sts.SeverityInfo
	if l.hasData() {
		severity = sts.SeverityWarning
	}
	if near != nil { // BudgetMatchesNothing has the fix
		return l.found(severity, "", msgBudgetMissesPods(near.Name), nil)
	}
	found := l.found(severity, "", msgBudgetMissing(l.Offline), nil)
	found[0].Patch = l.newBudget()
	return found
}

// newBudget is the manifest of a budget for the set.
func (l *Look) newBudget() string {
	metadata := map[string]any{"name": l.Set.Name}
	if !l.Offline || l.writtenNamespace() {
		metadata["namespace"] = l.Set.Namespace
	}
	return yamlOf(map[string]any{
		"apiVersion": policyv1.SchemeGroupVersion.String(), "kind": budgetKind, "metadata": metadata,
		"spec": map[string]any{"maxUnavailable": 1, "selector": selectorOf(l.Set)},
	})
}

// selectorOf is the selector of the set, or its pods' labels where it has none.
func selectorOf(set *appsv1.StatefulSet) *metav1.LabelSelector {
	if s := set.Spec.Selector; s != nil && len(s.MatchLabels)+len(s.MatchExpressions) > 0 {
		return s
	}
	return &metav1.LabelSelector{MatchLabels: set.Spec.Template.Labels}
}

// budgetUnread: a budget of the manifests could not be decoded, or not all of it.
func (l *Look) budgetUnread() bool {
	return slices.ContainsFunc(l.Documents, func(d Document) bool { return d.Kind == budgetKind && (d.Problem != "" || len(d.Types) > 0) })
}

// selectedLater: a budget selects labels of the set's pods, and one that pods get while they run.
func (l *Look) selectedLater() bool {
	return slices.ContainsFunc(l.Input.Budgets, func(b *policyv1.PodDisruptionBudget) bool {
		return b.Namespace == l.Set.Namespace && l.selectsLater(b)
	})
}

// selectsLater says whether the budget selects the set's pods once they have other labels, such as a role.
func (l *Look) selectsLater(b *policyv1.PodDisruptionBudget) bool {
	later, template := false, l.Set.Spec.Template.Labels
	requirements, _ := l.budget(b).selector.Requirements()
	for _, r := range requirements {
		if _, has := template[r.Key()]; !has && sts.LabeledLater(r.Key()) {
			later = true
		} else if !r.Matches(labels.Set(template)) {
			return false
		}
	}
	return later
}

// selected are the sets whose pods the budget selects and that have pods, and how many pods these are, with those
// of Deployments. The pods of other kinds are known in a cluster only.
func (in *Input) selected(b *policyv1.PodDisruptionBudget) (sets []*Look, pods int32) {
	for _, l := range in.looks() {
		if l.Set.Namespace != b.Namespace || !slices.Contains(l.Budgets, b) {
			continue
		}
		if n := sts.DesiredReplicas(l.Set); n > 0 {
			sets, pods = append(sets, l), pods+n
		}
	}
	selector := in.budget(b).selector
	for _, d := range in.Deployments {
		if d.Namespace == b.Namespace && selector.Matches(labels.Set(d.Spec.Template.Labels)) {
			pods += valueOr(d.Spec.Replicas, 1)
		}
	}
	if b.Status.ObservedGeneration >= b.Generation {
		pods = max(pods, b.Status.ExpectedPods)
	}
	return sets, pods
}

// aboutBudget is a finding about a budget, which counts for the first set that is examined; nil where none is.
func (in *Input) aboutBudget(b *policyv1.PodDisruptionBudget, sets []*Look, severity sts.Severity, field, message string) []DoctorFinding {
	for _, l := range sets {
		if in.examines(l.Set) {
			f := on(b, budgetKind, severity, field, message, nil)
			f.set = l.Set
			return []DoctorFinding{f}
		}
	}
	return nil
}

// oneAtATime is the fix of a budget: maxUnavailable 1.
func oneAtATime(b *policyv1.PodDisruptionBudget) string {
	if b.Spec.MinAvailable != nil {
		return "spec:\n  minAvailable: null\n  maxUnavailable: 1\n"
	}
	return "spec:\n  maxUnavailable: 1\n"
}

// written is what the budget says, and the field.
func written(b *policyv1.PodDisruptionBudget) (field, text string, percent bool) {
	switch {
	case b.Spec.MinAvailable != nil:
		text = b.Spec.MinAvailable.String()
		field = "minAvailable"
	case b.Spec.MaxUnavailable != nil:
		text = b.Spec.MaxUnavailable.String()
		field = "maxUnavailable"
	}
	return "spec." + field, field + ": " + text, strings.HasSuffix(text, "%")
}

func budgetNever(in *Input) []DoctorFinding {
	var out []DoctorFinding
	for _, b := range in.Budgets {
		sets, pods := in.selected(b)
		if len(sets) == 0 || pods == 0 || sts.RequiredBy(b, pods) < pods {
			continue
		}
		severity := sts.SeverityWarning
		if pods == 1 || operated(b) || slices.ContainsFunc(sets, func(l *Look) bool { return operated(l.Set) }) {
			severity = sts.SeverityInfo
		}
		most, least := pods, pods
		for _, l := range sets {
			if scalers := l.scalers(); len(scalers) > 0 {
				n := sts.DesiredReplicas(l.Set)
				most += scalers[0].most - n
				least += max(scalers[0].least, 1) - n
			}
		}
		scaled := false
		if most != least { // an autoscaler changes the size
			switch {
			case sts.RequiredBy(b, least) < least:
				continue
			case sts.RequiredBy(b, most) < most:
				severity, pods, scaled = sts.SeverityInfo, least, true
			}
		}
		field, text, percent := written(b)
		found := in.aboutBudget(b, sets, severity, field, msgBudgetNever(text, sts.RequiredBy(b, pods), pods, percent && b.Spec.MinAvailable != nil, scaled))
		if pods > 1 {
			for i := range found {
				found[i].Patch = oneAtATime(b)
			}
		}
		out = append(out, found...)
	}
	return out
}

func budgetBreaksQuorum(in *Input) []DoctorFinding {
	var out []DoctorFinding
	for _, b := range in.Budgets {
		sets, pods := in.selected(b)
		for _, l := range sets {
			system := voter(&l.Set.Spec.Template.Spec)
			if system == nil {
				continue
			}
			allowed, members := pods-sts.RequiredBy(b, pods), in.members(l.Set.Namespace, system)
			allowed = min(allowed, members)
			tolerated := members - (members/2 + 1)
			if allowed <= max(tolerated, 1) {
				continue
			}
			field, text, _ := written(b)
			found := in.aboutBudget(b, sets, "", field, msgBudgetBreaksQuorum(text, system.name, allowed, members, tolerated))
			for i := range found {
				found[i].Patch = oneAtATime(b)
			}
			out = append(out, found...)
			break
		}
	}
	return out
}

// members are the members of a system in the namespace: several sets can form one cluster.
func (in *Input) members(namespace string, s *system) int32 {
	if in.memo.members == nil {
		in.memo.members = map[membersOf]int32{}
		for _, set := range in.Sets {
			in.memo.members[membersOf{set.Namespace, voter(&set.Spec.Template.Spec)}] += sts.DesiredReplicas(set)
		}
	}
	return in.memo.members[membersOf{namespace, s}]
}

// membersOf are the members of a system in a namespace.
type membersOf struct {
	namespace string
	system    *system
}

func budgetsOverlap(l *Look) []DoctorFinding {
	var names []string
	for _, b := range l.Budgets {
		if !slices.Contains(names, b.Name) {
			names = append(names, b.Name)
		}
	}
	if len(names) < 2 || l.replicas() == 0 {
		return nil
	}
	return l.found("", "spec.template.metadata.labels", msgBudgetsOverlap(names), hintBudgetsOverlap())
}

func budgetMatchesNothing(in *Input) []DoctorFinding {
	var out []DoctorFinding
	for _, l := range in.looks() {
		b := l.meantFor()
		if b == nil {
			continue
		}
		severity := sts.SeverityWarning
		if in.Offline {
			severity = sts.SeverityInfo
		}
		found := in.aboutBudget(b, []*Look{l}, severity, "spec.selector", msgBudgetMatchesNothing(l.Set.Name, differences(b, l.Set.Spec.Template.Labels), in.Offline))
		for i := range found {
			found[i].Patch = yamlOf(map[string]any{"spec": map[string]any{"selector": selectorOf(l.Set)}})
		}
		out = append(out, found...)
	}
	return out
}

// meantFor is a budget that is meant for the set and selects no pods; nil if there is none, or if another budget
// selects the set's pods.
func (l *Look) meantFor() *policyv1.PodDisruptionBudget {
	if len(l.Budgets) > 0 {
		return nil
	}
	for _, b := range l.Input.Budgets {
		if b.Namespace == l.Set.Namespace && l.meant(b) && !l.selectsPods(b) {
			return b
		}
	}
	return nil
}

// meant says whether the budget is meant for the set: it is named after it, or the value of a label that names the
// program is in the selector with another key.
func (l *Look) meant(b *policyv1.PodDisruptionBudget) bool {
	set, template := l.Set, l.Set.Spec.Template.Labels
	if b.Spec.Selector == nil {
		return namedAfter(b.Name, set.Name)
	}
	if len(b.Spec.Selector.MatchLabels)+len(b.Spec.Selector.MatchExpressions) == 0 {
		return false // all pods
	}
	for key := range b.Spec.Selector.MatchLabels {
		if sts.LabeledLater(key) {
			return false
		}
	}
	if len(b.Spec.Selector.MatchExpressions) > 0 {
		return false // what it leaves out may be intended
	}
	if namedAfter(b.Name, set.Name) {
		return !l.selectsLater(b)
	}
	names := []string{"app", "app.kubernetes.io/name", "k8s-app", "name"}
	same := false
	for key, value := range b.Spec.Selector.MatchLabels {
		if have, ok := template[key]; ok && have != value {
			return false // the budget of another program
		}
		for _, name := range names {
			same = same || slices.Contains(names, key) && template[name] == value
		}
	}
	return same && !l.selectsLater(b)
}

// namedAfter says whether the budget has the name of the set, besides words like pdb.
func namedAfter(budget, set string) bool {
	rest, ok := strings.CutPrefix(budget, set)
	if !ok {
		rest, ok = strings.CutSuffix(budget, set)
	}
	return ok && !slices.ContainsFunc(strings.FieldsFunc(rest, func(r rune) bool { return r == '-' || r == '.' }), func(word string) bool {
		return !slices.Contains([]string{"pdb", "budget", "disruption", "pod", "poddisruptionbudget", "disruptionbudget"}, word)
	})
}

// budgetMemo is what is known of a budget, whichever set it is compared with.
type budgetMemo struct {
	selector labels.Selector
	selects  *bool // any pods
}

func (in *Input) budget(b *policyv1.PodDisruptionBudget) *budgetMemo {
	m := in.memo.budgets[b]
	if m == nil {
		if in.memo.budgets == nil {
			in.memo.budgets = map[*policyv1.PodDisruptionBudget]*budgetMemo{}
		}
		m = &budgetMemo{selector: sts.BudgetSelector(b)}
		in.memo.budgets[b] = m
	}
	return m
}

// selectsPods says whether the budget selects any pods, as far as it is known.
func (in *Input) selectsPods(b *policyv1.PodDisruptionBudget) bool {
	m := in.budget(b)
	if m.selects == nil {
		selects := in.findPods(b, m.selector)
		m.selects = &selects
	}
	return *m.selects
}

func (in *Input) findPods(b *policyv1.PodDisruptionBudget, selector labels.Selector) bool {
	if !in.Offline && (b.Status.ObservedGeneration < b.Generation || b.Status.ExpectedPods > 0 || b.Status.CurrentHealthy > 0 || uncounted(b)) {
		return true
	}
	selects := func(namespace string, pod map[string]string) bool {
		return namespace == b.Namespace && selector.Matches(labels.Set(pod))
	}
	podLabels := in.podLabels()
	for i, d := range in.Documents {
		if selects(d.Object.GetNamespace(), podLabels[i]) {
			return true
		}
	}
	return slices.ContainsFunc(in.Sets, func(s *appsv1.StatefulSet) bool { return selects(s.Namespace, s.Spec.Template.Labels) }) ||
		slices.ContainsFunc(in.Deployments, func(d *appsv1.Deployment) bool { return selects(d.Namespace, d.Spec.Template.Labels) }) ||
		slices.ContainsFunc(in.Pods, func(p *corev1.Pod) bool { return selects(p.Namespace, p.Labels) })
}

// uncounted: the controller of the pods has no scale, as that of a DaemonSet, so the status counts no pods.
func uncounted(b *policyv1.PodDisruptionBudget) bool {
	c := meta.FindStatusCondition(b.Status.Conditions, policyv1.DisruptionAllowedCondition)
	return c != nil && c.Reason == policyv1.SyncFailedReason
}

// podLabels are the labels of the pods of each document.
func (in *Input) podLabels() []map[string]string {
	if in.memo.podLabels == nil {
		for _, d := range in.Documents {
			in.memo.podLabels = append(in.memo.podLabels, templateLabels(d.JSON))
		}
	}
	return in.memo.podLabels
}

// templateLabels are the labels of the pods of an object of any kind.
func templateLabels(object json.RawMessage) map[string]string {
	var o struct {
		Spec struct {
			Template struct {
				Metadata struct{ Labels map[string]string }
			}
		}
	}
	if json.Unmarshal(object, &o) != nil {
		return nil
	}
	return o.Spec.Template.Metadata.Labels
}

// differences are the labels that the budget requires and the pods do not have.
func differences(b *policyv1.PodDisruptionBudget, template map[string]string) []string {
	if b.Spec.Selector == nil {
		return nil
	}
	var out []string
	for key, value := range b.Spec.Selector.MatchLabels {
		if template[key] != value {
			out = append(out, key+"="+value)
		}
	}
	slices.Sort(out)
	return out
}

// operated: an operator owns the object, and decides what is in it.
func operated(o metav1.Object) bool { return metav1.GetControllerOfNoCopy(o) != nil }

// hasData: the set has claims, or a program that stores data and is no cache.
func (l *Look) hasData() bool {
	if len(l.Set.Spec.VolumeClaimTemplates) > 0 {
		return true
	}
	spec := &l.Set.Spec.Template.Spec
	for i := range spec.Containers {
		if s := systemIn(&spec.Containers[i]); s != nil && !s.cache && s.storesIn(&spec.Containers[i]) {
			return true
		}
	}
	return false
}

func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
