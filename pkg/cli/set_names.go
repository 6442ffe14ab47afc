package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
)

func oneName(_ *cobra.Command, args []string) error {
	_, err := setName(args)
	return err
}

// setTypes are the ways to write the resource, as kubectl takes them.
var setTypes = map[string]bool{
	"sts": true, "statefulset": true, "statefulsets": true,
	"statefulset.apps": true, "statefulsets.apps": true,
	"statefulset.v1.apps": true, "statefulsets.v1.apps": true,
}

// setNames reads NAME, sts/NAME or "statefulset NAME…", each of them once.
func setNames(args []string) ([]string, error) {
	if len(args) > 1 && setTypes[strings.ToLower(args[0])] {
		args = args[1:]
	}
	seen := map[string]bool{}
	var names []string
	for _, arg := range args {
		name := arg
		if kind, rest, typed := strings.Cut(arg, "/"); typed {
			if !setTypes[strings.ToLower(kind)] {
				return nil, usagef("%q is not a StatefulSet, must be NAME or statefulset/NAME", arg)
			}
			name = rest
		}
		if name == "" || strings.Contains(name, "/") {
			return nil, usagef("%q has no name, must be NAME or statefulset/NAME", arg)
		}
		if !seen[name] {
			names = append(names, name)
			seen[name] = true
		}
	}
	return names, nil
}

// setName reads the name of the one StatefulSet of a change.
func setName(args []string) (string, error) {
	names, err := setNames(args)
	if err != nil {
		return "", err
	}
	if len(names) != 1 {
		return "", usagef("exactly one StatefulSet name is required (for example web or sts/web)")
	}
	return names[0], nil
}

// completionClient is for completions from the cluster, with a short timeout.
func (c *common) completionClient() (client *kube.Client, namespace string, err error) {
	config, err := c.config.ToRESTConfig()
	if err != nil {
		return nil, "", err
	}
	config.Timeout = 3 * time.Second
	if client, err = c.clientFor(config); err != nil {
		return nil, "", err
	}
	namespace, err = c.namespace()
	return client, namespace, err
}

// completeOrdinals completes the ordinals of the set whose name is given.
func (c *common) completeOrdinals(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	name, err := setName(args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	client, ns, err := c.completionClient()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	inv, err := client.Read(cmd.Context(), kube.Query{Namespace: ns, Names: []string{name}})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, r := range inv.Snapshots()[0].Replicas() {
		if r.Pod != nil {
			out = append(out, r.Ordinal.String()+"\t"+r.Pod.Spec.NodeName)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeNames completes StatefulSet names from the cluster, with a short timeout.
func (c *common) completeNames(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, ns, err := c.completionClient()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, err := client.SetNames(cmd.Context(), ns)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	taken := map[string]bool{}
	for _, a := range args {
		taken[a] = true
	}
	var out []string
	for _, n := range names {
		if !taken[n] {
			out = append(out, n)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
