package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var drain = chapter{
	title: "Scale down without losing members",
	play:  playDrain,
	shown: []string{
		"drain-scale: one member at a time leaves its cluster, then its pod is evicted, then the StatefulSet is scaled down.",
		"If a hook fails, the pod keeps running and the replicas do not change; rerun the command to resume.",
		"drain-scale up: a new member does not get the data of a removed one, unless you allow it.",
	},
}

func playDrain(ctx context.Context, s *stage) error {
	before, err := s.look(ctx)
	if err != nil {
		return err
	}
	s.say("kubectl scale deletes the highest pods, regardless of their data. drain-scale first makes each member leave its cluster, " +
		"with a profile for the system or with your own command. Here this command fails at first.")
	if err := s.run(ctx, 4, `kubectl sts drain-scale postgres --replicas 3 --yes --drain-cmd 'echo "a backup is running"; exit 1'`); err != nil {
		return err
	}
	if err := s.expect(ctx, "all five pods are the same as before", same(before, 0, 1, 2, 3, 4), size(5)); err != nil {
		return err
	}
	s.say("Rerun the command to resume. On a real node, --drain-exec runs inside the pod of the member that leaves.")
	if err := s.run(ctx, 0, `kubectl sts drain-scale postgres --replicas 3 --yes --drain-cmd 'echo "$(POD_NAME) hands over"'`); err != nil {
		return err
	}
	if err := s.expect(ctx, "three pods remain, the same as before, and no annotation remains",
		same(before, 0, 1, 2), size(3), clean); err != nil {
		return err
	}
	if err := s.claims(ctx, "the data of postgres-3 and postgres-4 still exists in their claims", 3, 4); err != nil {
		return err
	}
	s.say("After scaling up again, new members would start with this old data. drain-scale refuses that unless you decide what to do with the claims.")
	return s.run(ctx, 5, "kubectl sts drain-scale postgres --replicas 4 --yes")
}

// size requires this number of replicas and of pods.
func size(replicas int) func(*world) error {
	return func(w *world) error {
		if int(*w.set.Spec.Replicas) != replicas || len(w.pods) != replicas {
			return fmt.Errorf("%s has %d replicas and %d pods, not %d", set, *w.set.Spec.Replicas, len(w.pods), replicas)
		}
		return nil
	}
}

// claims requires that the claims of these ordinals exist.
func (s *stage) claims(ctx context.Context, what string, ordinals ...int) error {
	for _, o := range ordinals {
		name := fmt.Sprintf("data-%s-%d", set, o)
		c, err := s.client.CoreV1().PersistentVolumeClaims(metav1.NamespaceDefault).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && c.DeletionTimestamp != nil {
			return s.checked(what, fmt.Errorf("claim %s is gone", name))
		}
		if err != nil {
			return err
		}
	}
	return s.checked(what, nil)
}
