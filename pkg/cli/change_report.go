package cli

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ChangeReportList is the result of a command that takes several StatefulSets, unless it was given one name.
type ChangeReportList struct {
	metav1.TypeMeta `json:",inline"`
	// Items are the results, in the order in which the sets are changed.
	Items []*ChangeReport `json:"items"`
	// NotStarted are the names of the sets that the command has not begun to change, because another one was refused
	// or ended with an error; their items have a plan and no outcome.
	NotStarted []string `json:"notStarted,omitempty"`
}

// ChangeReport is the result of a command that changes a StatefulSet.
type ChangeReport struct {
	metav1.TypeMeta `json:",inline"`
	// Namespace is the namespace of the StatefulSet.
	Namespace string `json:"namespace"`
	// Name is the name of the StatefulSet.
	Name string `json:"name"`
	// Command is the command: `canary start`, `restart` …
	Command string `json:"command"`
	// StartedAt is when the state was first read, by the cluster's clock.
	StartedAt metav1.Time `json:"startedAt"`
	// EndedAt is when the state was last read.
	EndedAt metav1.Time `json:"endedAt"`
	// DryRun is `client` or `server` if nothing was written.
	DryRun string `json:"dryRun,omitempty"`
	// With `unstick`: why the set is stuck; absent if it is not.
	Proof *report.Proof `json:"proof,omitempty"`
	// Plan is what was predicted before anything was written; the last item is the predicted result.
	Plan []operate.Decision `json:"plan"`
	// Alteration is what mutating admission changes in the first step, if its changes were accepted.
	Alteration *sts.Alteration `json:"alteration,omitempty"`
	// Applied is what was written, in order.
	Applied []loop.Applied `json:"applied"`
	// Commands are the commands that were run, and their results.
	Commands []loop.Command `json:"commands,omitempty"`
	// Outcome is the result; absent if an error occurred before any decision.
	Outcome *operate.Decision `json:"outcome,omitempty"`
	// Error is the error that ended the command, including a timeout or an interruption.
	Error string `json:"error,omitempty"`
	// With `drain-scale`: the change of size, even if it is complete.
	Drain *report.DrainStatus `json:"drain,omitempty"`
	// Status is the last known state of the set.
	Status *report.Status `json:"status,omitempty"`
}
