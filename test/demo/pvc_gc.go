package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var claimGC = chapter{
	title: "Orphaned claims of removed members",
	play:  playClaimGC,
	shown: []string{
		"pvc-gc: all claims of StatefulSets, with their state and the reason.",
		"pvc-gc --delete: the volumes keep the data, and undo restores the claims.",
	},
}

func playClaimGC(ctx context.Context, s *stage) error {
	s.say("The claims of postgres-3 and postgres-4 are orphaned. Those of the three remaining pods are in use.")
	if err := s.run(ctx, 0, "kubectl sts pvc-gc postgres"); err != nil {
		return err
	}
	s.say("Deleting a claim deletes its data if the reclaim policy of its volume is Delete, the default. pvc-gc first sets the policy of each volume to Retain, and verifies that.")
	if err := s.run(ctx, 0, "kubectl sts pvc-gc postgres --delete --yes"); err != nil {
		return err
	}
	if err := s.kept(ctx, "the two claims are gone, and their volumes keep the data", 3, 4); err != nil {
		return err
	}
	s.say("The data of postgres-3 is needed after all.")
	if err := s.run(ctx, 0, "kubectl sts pvc-gc undo data-postgres-3 --yes"); err != nil {
		return err
	}
	return s.claims(ctx, "its claim is restored", 3)
}

// kept requires that the claims of these ordinals are gone and their volumes are retained.
func (s *stage) kept(ctx context.Context, what string, ordinals ...int) error {
	volumes, err := s.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, o := range ordinals {
		name := fmt.Sprintf("data-%s-%d", set, o)
		_, err := s.client.CoreV1().PersistentVolumeClaims(metav1.NamespaceDefault).Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			return s.checked(what, fmt.Errorf("claim %s still exists", name))
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
			return s.checked(what, fmt.Errorf("no volume with the data of claim %s is retained", name))
		}
	}
	return s.checked(what, nil)
}
