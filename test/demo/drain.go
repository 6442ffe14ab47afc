package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var drain = chapter{
	title: "Fewer members, each after it has left",
	play:  playDrain,
	shown: []string{
		"drain-scale: one member at a time leaves its own cluster, then its pod is evicted, then the set is made smaller.",
		"A hook that fails: the pod stays, the set keeps its size, and the same command goes on.",
		"drain-scale upwards: a new member is not given what an old one has left behind, unless somebody says so.",
	},
}

func playDrain(ctx context.Context, s *stage) error {
	before, err := s.look(ctx)
	if err != nil {
		return err
	}
	s.say("kubectl scale deletes the highest pods, whatever they hold. drain-scale has each member leave its own cluster first: " +
		"with a profile that knows the system, or a command of yours. Here it fails at first.")
	if err := s.run(ctx, 4, `kubectl sts drain-scale postgres --replicas 3 --yes --drain-cmd 'echo "a backup is running"; exit 1'`); err != nil {
		return err
	}
	if err := s.expect(ctx, "all five pods are there, the same as before", same(before, 0, 1, 2, 3, 4), size(5)); err != nil {
		return err
	}
	s.say("The same command goes on where it stopped. On a real node --drain-exec runs inside the pod that leaves.")
	if err := s.run(ctx, 0, `kubectl sts drain-scale postgres --replicas 3 --yes --drain-cmd 'echo "$(POD_NAME) hands over"'`); err != nil {
		return err
	}
	if err := s.expect(ctx, "three pods are left, the same as before, and no annotation is left",
		same(before, 0, 1, 2), size(3), clean); err != nil {
		return err
	}
	if err := s.claims(ctx, "what postgres-3 and postgres-4 wrote is still there, in their claims", 3, 4); err != nil {
		return err
	}
	s.say("That is also the trap for whoever scales up again: new members would come up with old data. So that is refused, and asks for a word.")
	return s.run(ctx, 5, "kubectl sts drain-scale postgres --replicas 4 --yes")
}

// size wants the set to have so many replicas, and no pods beyond them.
func size(replicas int) func(*world) error {
	return func(w *world) error {
		if int(*w.set.Spec.Replicas) != replicas || len(w.pods) != replicas {
			return fmt.Errorf("%s has %d replicas and %d pods, not %d", set, *w.set.Spec.Replicas, len(w.pods), replicas)
		}
		return nil
	}
}

// claims wants the claims of these ordinals to be there.
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
