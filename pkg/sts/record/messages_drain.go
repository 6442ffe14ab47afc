package record

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func hintDrainInline(resume sts.Hint, option string) sts.Hint {
	return sts.Hintf("%s (add the same %s)", resume, option)
}

func hintDrainRecordLost(left, member sts.Hint) sts.Hint {
	return sts.Hintf("if it has left: %s; if it is still a member: %s", left, member)
}
