package cli

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfig is the one of the command line, empty if it cannot be read.
func (w *word) kubeconfig() clientcmdapi.Config {
	config, err := w.config.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return clientcmdapi.Config{}
	}
	return config
}

func contexts(w *word) ([]string, cobra.ShellCompDirective) {
	config := w.kubeconfig()
	var out []string
	for _, name := range slices.Sorted(maps.Keys(config.Contexts)) {
		context := config.Contexts[name]
		about := "cluster " + context.Cluster
		if context.Namespace != "" {
			about += ", namespace " + context.Namespace
		}
		if name == config.CurrentContext {
			about += " (current)"
		}
		out = append(out, name+"\t"+about)
	}
	return out, noFiles
}

func clusters(w *word) ([]string, cobra.ShellCompDirective) {
	config := w.kubeconfig()
	var out []string
	for _, name := range slices.Sorted(maps.Keys(config.Clusters)) {
		out = append(out, name+"\t"+config.Clusters[name].Server)
	}
	return out, noFiles
}

// servers are the addresses of the clusters.
func servers(w *word) ([]string, cobra.ShellCompDirective) {
	config := w.kubeconfig()
	var out []string
	for _, name := range slices.Sorted(maps.Keys(config.Clusters)) {
		out = append(out, config.Clusters[name].Server+"\tcluster "+name)
	}
	return out, noFiles
}

func users(w *word) ([]string, cobra.ShellCompDirective) {
	return slices.Sorted(maps.Keys(w.kubeconfig().AuthInfos)), noFiles
}

// namespaces are those of the cluster, or those of the kubeconfig for a user who cannot list them.
func namespaces(w *word) ([]string, cobra.ShellCompDirective) {
	var out []string
	if client, _, err := w.cluster(); err == nil {
		found, err := client.Namespaces(w.ctx)
		if err == nil {
			for i := range found {
				out = append(out, found[i].Name+"\t"+string(found[i].Status.Phase))
			}
			return out, noFiles
		}
	}
	for _, context := range w.kubeconfig().Contexts {
		if context.Namespace != "" {
			out = append(out, context.Namespace)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), noFiles
}
