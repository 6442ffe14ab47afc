package cli

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

func msgDrainProfile(profile, why string) string {
	return fmt.Sprintf("using drain profile %s (%s)", profile, why)
}

func msgDrainAmbiguous(set string, profiles []string) string {
	return fmt.Sprintf("several drain profiles match statefulset/%s: %s; choose one with --profile", set, strings.Join(profiles, ", "))
}

func msgDrainInline() string { return "drain the member" }

func msgDrainIgnoresBudgets(budgets []string) string {
	return "--pdb=ignore: pods will be deleted regardless of poddisruptionbudget/" + strings.Join(budgets, ", poddisruptionbudget/")
}

func msgDrainConfirmClaims() string { return "Start new members with this data?" }

func msgDrainRescued(set string, claims []string, undo sts.Hint) (message string, hint sts.Hint) {
	return fmt.Sprintf("statefulset/%s would start with new, empty volumes: the data of %s %s is on rescued volumes", set, sts.ClaimWord(len(claims)), strings.Join(claims, ", ")),
		sts.Hintf("restore the data first: %s; or add --accept-data-loss to start without it", undo)
}

func msgOrphan(pod, set string) string {
	return fmt.Sprintf("pod %s still has finalizer %s, but statefulset/%s was deleted", pod, record.LeavingFinalizer, set)
}

func hintOrphan(cancel sts.Hint) sts.Hint { return sts.Hintf("remove the finalizer: %s", cancel) }

func msgOrphanConfirm(pods int) string {
	if pods > 1 {
		return "Remove the finalizers?"
	}
	return "Remove the finalizer?"
}

func msgOrphanReleased(pod string) string { return fmt.Sprintf("pod/%s finalizer removed", pod) }
