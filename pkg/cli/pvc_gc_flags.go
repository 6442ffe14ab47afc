package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Defaults of the flags.
const (
	defaultWorkers         = 8
	defaultMost            = 50
	defaultProgressTimeout = 5 * time.Minute
)

func (g *gcRun) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	addDryRun(cmd, &g.dryRun, "Print what would be done; server also checks it with the API server")
	f.BoolVarP(&g.yes, "yes", "y", false, "Skip the confirmation (required without a terminal)")
	f.IntVar(&g.workers, "concurrency", defaultWorkers, "Number of concurrent requests (1 to 256)")
	f.DurationVar(&g.timeout, "progress-timeout", defaultProgressTimeout, "Maximum time to wait without progress")
	positive(cmd, "progress-timeout", "concurrency")
}

// limit adds --max.
func (g *gcRun) limit(cmd *cobra.Command, what string) {
	cmd.Flags().IntVar(&g.most, "max", defaultMost, "Refuse if there are more "+what+" than this (0 means no limit)")
	notNegative(cmd, "max")
}

func (g *gcRun) check() error {
	if g.workers > 256 {
		return invalidFlag("concurrency", g.workers, "must be at most 256")
	}
	return g.out.check()
}

// inOneNamespace adds --all, and a hidden -A that is refused with an explanation, for users who
// have just listed all namespaces.
func (g *gcRun) inOneNamespace(cmd *cobra.Command, everything *bool, usage string) {
	f := cmd.Flags()
	f.BoolVar(everything, "all", false, usage)
	f.BoolVarP(&g.all, "all-namespaces", "A", false, "Not supported")
	_ = f.MarkHidden("all-namespaces")
}

func (g *gcRun) checkNames(args []string, everything bool) error {
	switch {
	case g.all:
		return &sts.HintedError{
			Err:  usagef("--all-namespaces is not supported: set --namespace"),
			Hint: hintListNamespaces(sts.Kubectl("", "sts pvc-gc", "-A", "-o", "json")),
		}
	case everything && len(args) > 0:
		return usagef("names and --all are mutually exclusive")
	case !everything && len(args) == 0 && (g.yes || g.dryRun != "none"):
		return usagef("claim names or --all are required")
	case !everything && len(args) == 0:
		g.dryRun, g.onlyLists = "client", true
	}
	return g.check()
}
