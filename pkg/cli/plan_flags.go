package cli

import (
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// planFlags are the flags from which planOptions are read.
type planFlags struct {
	replicas, partition        int32
	maxUnavailable, cascade    string
	delete                     bool
	gates                      []string
	readyAfter, terminateAfter time.Duration
}

func (o *planOptions) addFlags(cmd *cobra.Command, p *planFlags) {
	o.template.addFlags(cmd)
	f := cmd.Flags()
	o.manifests.addFlags(cmd)
	f.Int32Var(&p.replicas, "replicas", 0, "Scale to `N` replicas")
	f.StringVar(&o.newFile, "new-file", "", "`FILE` with the StatefulSet's new manifest (- for stdin)")
	f.Int32Var(&p.partition, "partition", 0, "Set the partition to `OFFSET`, counted from the first ordinal")
	f.StringVar(&p.maxUnavailable, "max-unavailable", "", "Set maxUnavailable of the update strategy to `N|P%`")
	f.BoolVar(&p.delete, "delete", false, "Delete the StatefulSet")
	addChoice(cmd, &p.cascade, "cascade", "background", "With --delete: deletion cascading strategy, as in kubectl delete", cascades...)
	f.StringVar(&o.loseNode, "lose-node", "", "Simulate the loss of node `NODE`")
	f.BoolVar(&o.assumed.Broken, "broken", false, "Assume that new pods never become ready")
	f.DurationVar(&p.readyAfter, "ready-after", 20*time.Second, "Assumed time from a pod's creation until it is ready")
	f.DurationVar(&p.terminateAfter, "terminate-after", 10*time.Second, "Assumed time from a pod's deletion until it is gone")
	f.StringSliceVar(&p.gates, "feature-gates", nil, "Feature gates of the cluster, as `GATE=true|false`: MaxUnavailableStatefulSet")
	f.StringVar(&o.domain, "cluster-domain", names.DefaultDomain, "DNS `DOMAIN` of the cluster")
	f.BoolVar(&o.exitCode, "exit-code", false, "Exit with 4 if the rollout gets stuck, 3 if it stops before all pods are updated")
	changes := []string{"replicas", "image", "patch", "patch-file", "restart", "new-file", "partition", "max-unavailable"}
	for _, change := range changes {
		cmd.MarkFlagsMutuallyExclusive("delete", change)
		cmd.MarkFlagsMutuallyExclusive("lose-node", change)
	}
	cmd.MarkFlagsMutuallyExclusive("delete", "lose-node")
	cmd.MarkFlagsMutuallyExclusive("delete", "broken")
	requires(cmd, "cascade", "delete")
	notNegative(cmd, "replicas", "partition", "ready-after", "terminate-after")
	notEmpty(cmd, "new-file", "lose-node")
}

// cascades are the values of --cascade, in the order of kubectl's help.
var cascades = []string{"background", "orphan", "foreground"}

var propagation = map[string]metav1.DeletionPropagation{
	"background": metav1.DeletePropagationBackground, "orphan": metav1.DeletePropagationOrphan, "foreground": metav1.DeletePropagationForeground,
}
