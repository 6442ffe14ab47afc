package sts

import "fmt"

func msgSetTooLarge(namespace, set string, replicas int32) string {
	return fmt.Sprintf("statefulset/%s in namespace %s has spec.replicas %d, more than the supported maximum of %d", set, namespace, replicas, MostReplicas)
}
