package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var claimGC = chapter{
	title: "What removed members have left behind",
	play:  playClaimGC,
	shown: []string{
		"pvc-gc: every claim with what it is to its set, and why.",
		"pvc-gc --delete: the volumes keep the data, and undo brings the claims back to them.",
	},
}

func playClaimGC(ctx context.Context, s *stage) error {
	s.say("The claims of postgres-3 and postgres-4 are left over. Those of the three that stay are in use.")
	if err := s.run(ctx, 0, "kubectl sts pvc-gc postgres"); err != nil {
		return err
	}
	s.say("Deleting a claim destroys its data where the reclaim policy is Delete, which is the default. Here each volume is told to keep its data first, and that is verified.")
	if err := s.run(ctx, 0, "kubectl sts pvc-gc postgres --delete --yes"); err != nil {
		return err
	}
	if err := s.kept(ctx, "the two claims are gone, and their volumes keep the data", 3, 4); err != nil {
		return err
	}
	s.say("That was one too many: what postgres-3 wrote is wanted after all.")
	if err := s.run(ctx, 0, "kubectl sts pvc-gc undo data-postgres-3 --yes"); err != nil {
		return err
	}
	return s.claims(ctx, "its claim is back", 3)
}

// kept wants no claims of these ordinals, and volumes that keep what they held.
func (s *stage) kept(ctx context.Context, what string, ordinals ...int) error {
	volumes, err := s.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, o := range ordinals {
		name := fmt.Sprintf("data-%s-%d", set, o)
		_, err := s.client.CoreV1().PersistentVolumeClaims(metav1.NamespaceDefault).Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			return s.checked(what, fmt.Errorf("claim %s is still there", name))
		}
		if !apierrors.IsNotFound(err) {
			return err
		}
		found := false
		for _, v := range volumes.Items {
			found = found || v.Spec.ClaimRef != nil && v.Spec.ClaimRef.Name == name &&
				v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain
		}
		if !found {
			return s.checked(what, fmt.Errorf("no volume keeps what %s held", name))
		}
	}
	return s.checked(what, nil)
}
