package kube

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func msgCannotWatch(resource, namespace string) string {
	return fmt.Sprintf("cannot watch %s in namespace %s", resource, namespace)
}

func msgDisconnected(why string) string {
	return "lost the connection to the cluster, retrying: " + why
}

func msgStillDisconnected(lasts time.Duration, why string) string {
	return fmt.Sprintf("no connection to the cluster for %s, retrying: %s", sts.Age(lasts), why)
}

func msgReconnected() string { return "reconnected to the cluster" }

func msgSetDeleted(set string) string { return "statefulset/" + set + " was deleted" }

func msgSetRecreated(set, uid, was string) string {
	return fmt.Sprintf("statefulset/%s was deleted and recreated (UID %s, was %s)", set, uid, was)
}
