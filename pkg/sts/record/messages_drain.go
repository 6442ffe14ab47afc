package record

import (
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgDrainRecordInvalid(set string) string {
	return fmt.Sprintf("annotation %s on statefulset/%s is not a valid record of a drain-scale", DrainAnnotation, set)
}

func hintDrainInline(resume sts.Hint, option string) sts.Hint {
	return sts.Hintf("%s (add the same %s)", resume, option)
}

func hintDrainRecordLost(left, member sts.Hint) sts.Hint {
	return sts.Hintf("if it has left: %s; if it is still a member: %s", left, member)
}
