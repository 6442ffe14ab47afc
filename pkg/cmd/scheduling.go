package cmd

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// schedulingGrace adds the flag that sets how long a pod may be unschedulable before it
// counts as stuck, and returns a function that reads it.
func schedulingGrace(cmd *cobra.Command) func() (*time.Duration, error) {
	name := strings.TrimPrefix(sts.SchedulingGraceFlag, "--")
	grace := cmd.Flags().Duration(name, sts.DefaultSchedulingGrace(), "Time a pod may be unschedulable before it counts as stuck (0 means at once)")
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions([]string{"30s", "3m", "10m"}, cobra.ShellCompDirectiveNoFileComp))
	return func() (*time.Duration, error) {
		if *grace < 0 {
			return nil, usagef("%s: invalid value %q, must not be negative", sts.SchedulingGraceFlag, *grace)
		}
		return grace, nil
	}
}
