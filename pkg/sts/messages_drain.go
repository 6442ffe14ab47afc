package sts

import "fmt"

func msgDrainRecordInvalid(set string) string {
	return fmt.Sprintf("annotation %s of statefulset/%s is not a valid record of a drain-scale", DrainAnnotation, set)
}

func hintDrainInline(resume Hint, option string) Hint {
	return Hintf("%s (add the same %s)", resume, option)
}

func hintDrainRecordLost(left, member Hint) Hint {
	return Hintf("if it has left: %s; if it is still a member: %s", left, member)
}
