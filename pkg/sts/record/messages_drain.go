package record

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func hintDrainInline(resume sts.Hint, option string) sts.Hint {
	return sts.Hintf("add the same %s as before (it is not recorded) to %s", option, resume)
}

func hintDrainRecordLost(left, member sts.Hint) sts.Hint {
	return sts.Hintf("if it has left: %s; if it is still a member: %s", left, member)
}
