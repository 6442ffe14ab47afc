package sts

import "fmt"

func msgDrainRecordInvalid(set string) string {
	return fmt.Sprintf("annotation %s of statefulset/%s is not a valid record of a drain-scale", DrainAnnotation, set)
}

func hintDrainInline(resume, option string) string {
	return fmt.Sprintf("%s (add the same %s)", resume, option)
}

func hintDrainRecordLost(left, member string) string {
	return fmt.Sprintf("if it has left: %s; if it is still a member: %s", left, member)
}
