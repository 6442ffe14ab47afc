package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// onlyOne completes the name of a set for a command that takes one.
func onlyOne(find completer) completer {
	return func(w *word) ([]string, cobra.ShellCompDirective) {
		if len(w.args) > 1 || len(w.args) == 1 && !setTypes[strings.ToLower(w.args[0])] {
			return nil, noFiles
		}
		return find(w)
	}
}

// setNamesOf completes the names of sets, which the command may read from manifests instead. Beside a selector,
// --all-namespaces and other flags that take no names there are none.
func setNamesOf(manifests *manifestSource) completer {
	return func(w *word) ([]string, cobra.ShellCompDirective) {
		for _, other := range []string{"all-namespaces", "selector", "explain", "list"} {
			if w.cmd.Flags().Changed(other) {
				return nil, noFiles
			}
		}
		if manifests != nil && manifests.given() {
			return manifestSets(w, manifests)
		}
		return clusterSets(w)
	}
}

// typedKind is the type before a name that is being typed: "sts/" of "sts/w", or none.
func (w *word) typedKind() string { return w.typed[:strings.LastIndexByte(w.typed, '/')+1] }

// clusterSets are the sets of the namespace that are not yet named.
func clusterSets(w *word) ([]string, cobra.ShellCompDirective) {
	kind := w.typedKind()
	if kind != "" && !setTypes[strings.ToLower(strings.TrimSuffix(kind, "/"))] {
		return nil, noFiles
	}
	client, ns, err := w.cluster()
	if err != nil {
		return nil, noFiles
	}
	sets, err := client.Sets(w.ctx, ns)
	if err != nil {
		return nil, noFiles
	}
	taken, _ := setNames(w.args)
	var out []string
	for i := range sets {
		if !slices.Contains(taken, sets[i].Name) {
			out = append(out, fmt.Sprintf("%s%s\t%d/%d ready", kind, sets[i].Name, sets[i].Status.ReadyReplicas, sts.DesiredReplicas(&sets[i])))
		}
	}
	return out, noFiles
}

// manifestSets are the sets of the manifests that are not yet named. Standard input is the terminal.
func manifestSets(w *word, manifests *manifestSource) ([]string, cobra.ShellCompDirective) {
	ns, err := w.namespace()
	if err != nil || slices.Contains(manifests.files, stdin) {
		return nil, noFiles
	}
	inv, err := w.readManifests(w.ctx, manifests, ns)
	if err != nil {
		return nil, noFiles
	}
	taken, _ := setNames(w.args)
	kind := w.typedKind()
	var out []string
	for _, set := range inv.Sets {
		if !slices.Contains(taken, set.Name) {
			out = append(out, fmt.Sprintf("%s%s\t%s", kind, set.Name, sts.Count(int(sts.DesiredReplicas(set)), "replica")))
		}
	}
	return out, noFiles
}

// retainedNames are the claims whose data is retained.
func retainedNames(w *word) ([]string, cobra.ShellCompDirective) {
	client, ns, err := w.cluster()
	if err != nil {
		return nil, noFiles
	}
	volumes, err := client.Volumes(w.ctx, sts.RetainedSelector(ns))
	if err != nil {
		return nil, noFiles
	}
	taken, _ := keptNames(w.args)
	kind := w.typedKind()
	var out []string
	for i := range volumes {
		r, err := sts.ReadRetained(&volumes[i])
		if err != nil || r == nil || r.Claim.Namespace != ns {
			continue
		}
		name := r.Claim.Name
		if strings.HasPrefix(kind, "pv/") || strings.HasPrefix(kind, "persistentvolume/") {
			name = volumes[i].Name
		}
		if !slices.ContainsFunc(taken, func(k keptName) bool { return k.name == name }) {
			out = append(out, fmt.Sprintf("%s%s\tvolume %s, deleted %s ago", kind, name, volumes[i].Name, sts.Age(client.Now().Sub(r.DeletedAt))))
		}
	}
	return out, noFiles
}

// atRiskNames are the claims that a rescue would keep.
func atRiskNames(w *word) ([]string, cobra.ShellCompDirective) {
	client, ns, err := w.cluster()
	if err != nil {
		return nil, noFiles
	}
	claims, err := client.Claims(w.ctx, ns)
	if err != nil {
		return nil, noFiles
	}
	found, err := client.Volumes(w.ctx, "")
	volumes := map[string]sts.Volume{}
	for i := range found {
		volumes[found[i].Name] = sts.NewVolume(&found[i])
	}
	named := func(name string) (sts.Volume, bool) { v, ok := volumes[name]; return v, ok }
	taken, _ := claimNames(w.args)
	kind := w.typedKind()
	var out []string
	for i := range claims {
		risk := diagnose.NewClaimRisk(&claims[i], named, err == nil, client.Now())
		if risk != nil && risk.Rescuable && !slices.Contains(taken, claims[i].Name) {
			out = append(out, kind+claims[i].Name+"\t"+risk.Message)
		}
	}
	return out, noFiles
}
