package sts

import appsv1 "k8s.io/api/apps/v1"

// IsOnDelete says whether the set's pods are updated only when they are deleted by hand.
func IsOnDelete(set *appsv1.StatefulSet) bool {
	return set.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType
}

// IsRecreate says whether an update deletes all pods of other revisions at once and creates
// new ones only when these have ended (Kubernetes 1.37, gate StatefulSetRecreateStrategy).
func IsRecreate(set *appsv1.StatefulSet) bool {
	return set.Spec.UpdateStrategy.Type == appsv1.RecreateStatefulSetStrategyType
}

// ReplaceCommand is the command after which the controller recreates the replica's pod, for a
// hint. Where data would be lost with the pod it is the one that saves the data first.
func (s *Snapshot) ReplaceCommand(r Replica) string {
	if risks := s.ClaimRisks(r); len(risks) > 0 {
		if rescue := RescueCommand(s.Set.Namespace, risks); rescue != "" {
			return rescue
		}
		return Kubectl(s.Set.Namespace, "describe pvc", risks[0].Claim)
	}
	return Kubectl(s.Set.Namespace, "delete pod", s.Name(r.Ordinal))
}
