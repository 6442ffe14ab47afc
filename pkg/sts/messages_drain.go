package sts

import "fmt"

func msgDrainRecordInvalid(set string) string {
	return fmt.Sprintf("annotation %s of statefulset/%s is not a valid record of a drain-scale", DrainAnnotation, set)
}

func hintDrainRecordLost(left, member Hint) Hint {
	return Hintf("if it has left: %s; if it is still a member: %s", left, member)
}

func msgSetTooLarge(namespace, set string, replicas int32) string {
	return fmt.Sprintf("statefulset/%s in namespace %s has spec.replicas %d, more than the supported maximum of %d", set, namespace, replicas, MostReplicas)
}
