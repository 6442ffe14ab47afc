package sts

import (
	"errors"

	appsv1 "k8s.io/api/apps/v1"
)

// MostReplicas is the largest size that is supported: more pods than the largest clusters have.
// spec.replicas may be any number.
const MostReplicas = 200_000

// CheckSize is an error for a set that is too large.
func CheckSize(set *appsv1.StatefulSet) error {
	if n := DesiredReplicas(set); n > MostReplicas {
		return errors.New(msgSetTooLarge(set.Namespace, set.Name, n))
	}
	return nil
}
