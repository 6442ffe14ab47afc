package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// setOrdinals are the ordinals of the set that is named, and of pods beyond them.
func setOrdinals(w *word) ([]string, cobra.ShellCompDirective) {
	client, ns, name, err := w.oneSet()
	if err != nil {
		return nil, noFiles
	}
	s, err := client.WithPods(w.ctx, ns, name)
	if err != nil {
		return nil, noFiles
	}
	var out []string
	for _, r := range s.Replicas() {
		out = append(out, r.Ordinal.String()+"\t"+aboutReplica(s, r))
	}
	return out, inOrder
}

// aboutReplica says what the pod of an ordinal is.
func aboutReplica(s *sts.Snapshot, r sts.Replica) string {
	if r.Pod == nil {
		return "no pod"
	}
	about := aboutPod(r.Pod)
	switch r.Revision {
	case s.Set.Status.UpdateRevision:
		return about + ", updated"
	case "":
		return about
	}
	return about + ", not updated"
}

// aboutPod says where a pod runs, and how.
func aboutPod(pod *corev1.Pod) string {
	state := string(pod.Status.Phase)
	switch {
	case pod.DeletionTimestamp != nil:
		state = "Terminating"
	case !sts.ReadySince(pod).IsZero():
		state = "Ready"
	}
	if pod.Spec.NodeName == "" {
		return state
	}
	return state + " on " + pod.Spec.NodeName
}

// claimOrdinals are the ordinals of the set and those of its claims.
func claimOrdinals(w *word) ([]string, cobra.ShellCompDirective) {
	client, ns, name, err := w.oneSet()
	if err != nil {
		return nil, noFiles
	}
	found, err := client.Claims(w.ctx, ns)
	if err != nil {
		return nil, noFiles
	}
	names := map[sts.Ordinal][]string{}
	for i := range found {
		stem, o, ok := sts.CutOrdinal(found[i].Name)
		if ok && strings.HasSuffix(stem, "-"+name) {
			names[o] = append(names[o], found[i].Name)
		}
	}
	var out []string
	for _, o := range slices.Sorted(maps.Keys(names)) {
		out = append(out, o.String()+"\t"+strings.Join(names[o], ", "))
	}
	return out, inOrder
}

// ordinalRanges also completes the end of a range: 2- is continued with the ordinals above 2.
func ordinalRanges(find completer) completer {
	return func(w *word) ([]string, cobra.ShellCompDirective) {
		found, directive := find(w)
		first, _, isRange := strings.Cut(w.typed, "-")
		lowest, err := strconv.Atoi(first)
		if !isRange || err != nil {
			return found, directive
		}
		var out []string
		for _, candidate := range found {
			ordinal, _, _ := strings.Cut(candidate, "\t")
			if n, err := strconv.Atoi(ordinal); err == nil && n > lowest {
				out = append(out, first+"-"+candidate)
			}
		}
		return out, directive
	}
}

// partitions are the values of --partition, with the pods that they update.
func partitions(w *word) ([]string, cobra.ShellCompDirective) {
	client, ns, name, err := w.oneSet()
	if err != nil {
		return nil, noFiles
	}
	set, err := client.Set(w.ctx, ns, name)
	if err != nil {
		return nil, noFiles
	}
	var out []string
	start, end := sts.Start(set), sts.End(set)
	for o := start; o <= end; o++ {
		about := fmt.Sprintf("updates pods %s and above", o)
		if o == end {
			about = "updates no pod"
		}
		out = append(out, (o-start).String()+"\t"+about)
	}
	return out, inOrder
}

// revisions are those of the set that is named, the newest first.
func (w *word) revisions() []report.Revision {
	client, ns, name, err := w.oneSet()
	if err != nil {
		return nil
	}
	s, err := client.WithRevisions(w.ctx, ns, name)
	if err != nil {
		return nil
	}
	return report.NewHistoryReport(s).Items
}

func revisionNumbers(w *word) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, r := range w.revisions() {
		out = append(out, strconv.FormatInt(r.Revision, 10)+"\t"+strings.Join(append([]string{r.Name}, changesOf(r)...), ", "))
	}
	return out, inOrder
}

// revisionNamesToo is for a flag that takes numbers and names; the names are offered once one is begun.
func revisionNamesToo(w *word) ([]string, cobra.ShellCompDirective) {
	if w.typed == "" {
		return revisionNumbers(w)
	}
	var out []string
	for _, r := range w.revisions() {
		number := strconv.FormatInt(r.Revision, 10)
		about := changesOf(r)
		out = append(out, number+"\t"+strings.Join(append([]string{r.Name}, about...), ", "),
			r.Name+"\t"+strings.Join(append([]string{"revision " + number}, about...), ", "))
	}
	return out, inOrder
}

// changesOf is the first change of a revision, and how many more there are.
func changesOf(r report.Revision) []string {
	switch len(r.Changes) {
	case 0:
		return nil
	case 1:
		return []string{r.Changes[0].String()}
	}
	return []string{r.Changes[0].String(), fmt.Sprintf("%d more", len(r.Changes)-1)}
}

// images are the containers of the set, and the images that they have and had: what a new one mostly differs from
// in the tag only.
func images(w *word) ([]string, cobra.ShellCompDirective) {
	client, ns, name, err := w.oneSet()
	if err != nil {
		return nil, noFiles
	}
	s, err := client.WithRevisions(w.ctx, ns, name)
	if err != nil {
		return nil, noFiles
	}
	spec := &s.Set.Spec.Template.Spec
	var out []string
	if chosen, _, ok := strings.Cut(w.typed, "="); ok {
		for _, image := range imagesOf(s, chosen) {
			out = append(out, chosen+"="+image)
		}
		return out, goesOn
	}
	for _, c := range slices.Concat(spec.Containers, spec.InitContainers) {
		out = append(out, c.Name+"=\t"+c.Image)
	}
	if len(spec.Containers) == 1 {
		out = append(out, imagesOf(s, spec.Containers[0].Name)...)
	}
	return out, goesOn
}

// imagesOf are the image of a container and those of the revisions, described.
func imagesOf(s *sts.Snapshot, container string) []string {
	var out []string
	add := func(spec *corev1.PodSpec, about string) {
		for _, c := range slices.Concat(spec.Containers, spec.InitContainers) {
			if c.Name == container && !slices.ContainsFunc(out, func(have string) bool { return strings.HasPrefix(have, c.Image+"\t") }) {
				out = append(out, c.Image+"\t"+about)
			}
		}
	}
	add(&s.Set.Spec.Template.Spec, "current image of "+container)
	for _, r := range slices.Backward(s.Revisions) {
		var template corev1.PodTemplateSpec
		raw, err := sts.RevisionTemplate(r)
		if err == nil && json.Unmarshal(raw, &template) == nil {
			add(&template.Spec, "revision "+strconv.FormatInt(r.Revision, 10))
		}
	}
	return out
}

// podNames are the running pods of the namespace, with or without "pod/".
func podNames(w *word) ([]string, cobra.ShellCompDirective) {
	client, ns, err := w.cluster()
	if err != nil {
		return nil, noFiles
	}
	pods, err := client.Pods(w.ctx, ns, "")
	if err != nil {
		return nil, noFiles
	}
	kind := w.typedKind()
	var out []string
	for i := range pods {
		if pods[i].Status.Phase == corev1.PodRunning {
			out = append(out, kind+pods[i].Name+"\t"+aboutPod(&pods[i]))
		}
	}
	return out, noFiles
}

// podContainers are the containers of the pod of --from-pod.
func podContainers(w *word) ([]string, cobra.ShellCompDirective) {
	pod, _ := w.cmd.Flags().GetString("from-pod") // checkedValue has the type of what it checks
	pod = pod[strings.LastIndexByte(pod, '/')+1:]
	client, ns, err := w.cluster()
	if err != nil || pod == "" {
		return nil, noFiles
	}
	found, err := client.Pod(w.ctx, ns, pod)
	if err != nil {
		return nil, noFiles
	}
	var out []string
	for _, c := range found.Spec.Containers {
		out = append(out, c.Name+"\t"+c.Image)
	}
	return out, noFiles
}

// setNodes are the nodes with pods of the set that is named, or all.
func setNodes(w *word) ([]string, cobra.ShellCompDirective) {
	var out []string
	if client, ns, name, err := w.oneSet(); err == nil {
		s, err := client.WithPods(w.ctx, ns, name)
		if err != nil {
			return nil, noFiles
		}
		pods := map[string][]string{}
		for _, pod := range s.Pods {
			if node := pod.Spec.NodeName; node != "" {
				pods[node] = append(pods[node], pod.Name)
			}
		}
		for _, node := range slices.Sorted(maps.Keys(pods)) {
			slices.Sort(pods[node])
			out = append(out, node+"\t"+strings.Join(pods[node], ", "))
		}
		return out, noFiles
	}
	client, _, err := w.cluster()
	if err != nil {
		return nil, noFiles
	}
	nodes, err := client.Nodes(w.ctx)
	if err != nil {
		return nil, noFiles
	}
	for i := range nodes {
		out = append(out, nodes[i].Name)
	}
	return out, noFiles
}

// ports are those of the governing Service.
func ports(w *word) ([]string, cobra.ShellCompDirective) {
	client, ns, name, err := w.oneSet()
	if err != nil {
		return nil, noFiles
	}
	found, err := client.Ports(w.ctx, ns, name)
	if err != nil {
		return nil, noFiles
	}
	var out []string
	for _, p := range found {
		number := strconv.Itoa(int(p.Port))
		if p.Name == "" {
			out = append(out, number+"\t"+string(p.Protocol))
			continue
		}
		out = append(out, p.Name+"\t"+number+"/"+string(p.Protocol))
	}
	return out, noFiles
}

// namespaceClaims are the claims of the namespace.
func namespaceClaims(w *word) ([]string, cobra.ShellCompDirective) {
	client, ns, err := w.cluster()
	if err != nil {
		return nil, noFiles
	}
	found, err := client.Claims(w.ctx, ns)
	if err != nil {
		return nil, noFiles
	}
	var out []string
	for i := range found {
		about := string(found[i].Status.Phase)
		if size, ok := found[i].Status.Capacity[corev1.ResourceStorage]; ok {
			about += ", " + size.String()
		}
		out = append(out, found[i].Name+"\t"+about)
	}
	return out, noFiles
}

// annotationKeys are the annotations of the sets of the namespace that are numbers, each with a set that has it.
func annotationKeys(w *word) ([]string, cobra.ShellCompDirective) {
	return w.fromSets(func(set *appsv1.StatefulSet) []string {
		var out []string
		for key, value := range set.Annotations {
			if _, err := strconv.ParseUint(value, 10, 31); err == nil {
				out = append(out, key)
			}
		}
		return out
	})
}

// setLabels are the labels of the sets of the namespace, as a selector has them.
func setLabels(w *word) ([]string, cobra.ShellCompDirective) {
	return w.fromSets(func(set *appsv1.StatefulSet) []string {
		var out []string
		for key, value := range set.Labels {
			out = append(out, key+"="+value)
		}
		return out
	})
}

// fromSets are words that the sets of the namespace have, described by the sets.
func (w *word) fromSets(words func(*appsv1.StatefulSet) []string) ([]string, cobra.ShellCompDirective) {
	client, ns, err := w.cluster()
	if err != nil {
		return nil, noFiles
	}
	if all, _ := w.cmd.Flags().GetBool("all-namespaces"); all {
		ns = metav1.NamespaceAll
	}
	sets, err := client.Sets(w.ctx, ns)
	if err != nil {
		return nil, noFiles
	}
	have := map[string][]string{}
	for i := range sets {
		for _, found := range words(&sets[i]) {
			have[found] = append(have[found], sets[i].Name)
		}
	}
	var out []string
	for _, found := range slices.Sorted(maps.Keys(have)) {
		about := have[found]
		if len(about) > mostNamed {
			about = append(about[:mostNamed:mostNamed], "…")
		}
		out = append(out, found+"\t"+strings.Join(about, ", "))
	}
	return out, noFiles
}
