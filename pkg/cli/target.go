package cli

import (
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
)

// target are the sets that a command line selects.
type target struct {
	all      bool
	selector string
}

func (t *target) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&t.all, "all-namespaces", "A", false, "List across all namespaces")
	t.addSelector(cmd)
}

func (t *target) addSelector(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&t.selector, "selector", "l", "", "Label selector to filter StatefulSets (for example app=db,tier!=test)")
}

func (t *target) query(c *common, args []string) (kube.Query, error) {
	names, err := setNames(args)
	if err != nil {
		return kube.Query{}, err
	}
	switch {
	case len(names) > 0 && t.selector != "":
		return kube.Query{}, usagef("StatefulSet names and --selector are mutually exclusive")
	case len(names) > 0 && t.all:
		return kube.Query{}, usagef("StatefulSet names and --all-namespaces are mutually exclusive")
	}
	if _, err := labels.Parse(t.selector); err != nil {
		return kube.Query{}, usagef("--selector: %s", err)
	}
	q := kube.Query{Names: names, Selector: t.selector}
	if !t.all {
		if q.Namespace, err = c.namespace(); err != nil {
			return kube.Query{}, err
		}
	}
	return q, nil
}
