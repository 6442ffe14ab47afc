package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// schedulingGrace adds the option that says how long a pod may be unschedulable before it
// counts as stuck.
func schedulingGrace(cmd *cobra.Command) *time.Duration {
	name := strings.TrimPrefix(diagnose.SchedulingGraceFlag, "--")
	grace := cmd.Flags().Duration(name, diagnose.DefaultSchedulingGrace(), "Time a pod may be unschedulable before it counts as stuck (0: immediately)")
	notNegative(cmd, name)
	return grace
}
