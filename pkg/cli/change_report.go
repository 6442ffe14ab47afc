package cli

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/loop"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ChangeReport is the document that a command which writes ends with.
type ChangeReport struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string `json:"namespace"`
	Name            string `json:"name"`
	Command         string `json:"command"`
	// StartedAt and EndedAt are the cluster's time.
	StartedAt metav1.Time `json:"startedAt"`
	EndedAt   metav1.Time `json:"endedAt"`
	// DryRun is client or server when nothing was written.
	DryRun string `json:"dryRun,omitempty"`
	// Proof is why the set is stuck, where the command finds that out.
	Proof *report.Proof `json:"proof,omitempty"`
	// Plan is the predicted plan; the last step is how it would end.
	Plan []operate.Decision `json:"plan"`
	// Alteration is what mutating admission adds to the first step, where that is accepted.
	Alteration *sts.Alteration `json:"alteration,omitempty"`
	// Applied are the writes, when (cluster time) and why.
	Applied []loop.Applied `json:"applied"`
	// Commands are the commands that were run, and their results.
	Commands []loop.Command `json:"commands,omitempty"`
	// Outcome is how it ended; Error is set when an error ended it.
	Outcome *operate.Decision `json:"outcome,omitempty"`
	Error   string            `json:"error,omitempty"`
	// Drain is the change of size, with drain-scale: also when it has ended.
	Drain *report.DrainStatus `json:"drain,omitempty"`
	// Status is the last known state of the set.
	Status *report.Status `json:"status,omitempty"`
}
