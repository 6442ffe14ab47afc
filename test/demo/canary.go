package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var canary = chapter{
	title: "Canary and rollback",
	play:  playCanary,
	shown: []string{
		"status: a StatefulSet ordinal by ordinal, with its state in one sentence.",
		"canary start: a new image on the highest ordinals only, in one patch.",
		"canary promote: one ordinal at a time, while all other pods are available and the PodDisruptionBudget allows it.",
		"A canary that crashes: exit code 4 at once, with the reason and a hint.",
		"canary abort: rollback from a state in which the StatefulSet controller is stuck, without a restart of healthy pods.",
	},
}

const set = "postgres"

func playCanary(ctx context.Context, s *stage) error {
	steps := []func(context.Context, *stage) error{begin, firstCanary, brokenCanary, abort, finish}
	for _, step := range steps {
		if err := step(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func begin(ctx context.Context, s *stage) error {
	s.say("Five PostgreSQL pods, each with a volume, and a PodDisruptionBudget with maxUnavailable 1.")
	if err := s.run(ctx, 0, "kubectl apply -f examples/postgres.yaml"); err != nil {
		return err
	}
	s.say("Pipelines wait with --for, which fails at once if the StatefulSet is stuck. Here the five pods start one after the other.")
	if err := s.run(ctx, 0, "kubectl sts status postgres --for=complete --timeout=60s"); err != nil {
		return err
	}
	return s.expect(ctx, "five pods run postgres:17.0", images("postgres:17.0", 0, 1, 2, 3, 4))
}

func firstCanary(ctx context.Context, s *stage) error {
	before, err := s.look(ctx)
	if err != nil {
		return err
	}
	s.say("A new image for the highest ordinal only. Image and partition change in one patch, so no other pod restarts. " +
		"On a terminal the command shows the plan and asks for confirmation, which --yes skips.")
	if err := s.run(ctx, 0, "kubectl sts canary start postgres --image postgres:17.1 --yes"); err != nil {
		return err
	}
	if err := s.expect(ctx, "postgres-4 runs postgres:17.1, and pods 0 to 3 have the same UIDs as before",
		images("postgres:17.1", 4), images("postgres:17.0", 0, 1, 2, 3), same(before, 0, 1, 2, 3)); err != nil {
		return err
	}
	s.say("Now the StatefulSet is Paused: all pods are ready, and those below the partition are not updated.")
	if err := s.run(ctx, 0, "kubectl sts status postgres"); err != nil {
		return err
	}
	s.say("The canary looks good: promote it by one ordinal.")
	if err := s.run(ctx, 0, "kubectl sts canary promote postgres --yes"); err != nil {
		return err
	}
	if err := s.expect(ctx, "postgres-3 also runs postgres:17.1, and pods 0 to 2 were not restarted",
		images("postgres:17.1", 3, 4), images("postgres:17.0", 0, 1, 2), same(before, 0, 1, 2)); err != nil {
		return err
	}
	s.say("Then all others. Each step respects the PodDisruptionBudget, unlike a rolling update of the StatefulSet controller.")
	if err := s.run(ctx, 0, "kubectl sts canary promote postgres --full --yes"); err != nil {
		return err
	}
	return s.expect(ctx, "all pods run postgres:17.1, the partition is 0 again, and no annotation remains",
		images("postgres:17.1", 0, 1, 2, 3, 4), clean)
}

func brokenCanary(ctx context.Context, s *stage) error {
	s.say("The next release is broken: its container exits at once. Only one of five pods is affected.")
	if err := s.film("canary-stuck"); err != nil {
		return err
	}
	if err := s.run(ctx, 4, "kubectl sts canary start postgres --image postgres:17.2-crash --yes"); err != nil {
		return err
	}
	if err := s.run(ctx, 0, "kubectl sts status postgres"); err != nil {
		return err
	}
	if err := s.film(""); err != nil {
		return err
	}
	return s.expect(ctx, "postgres-4 is not ready, and the other four run postgres:17.1", broken(4), images("postgres:17.1", 0, 1, 2, 3))
}

func abort(ctx context.Context, s *stage) error {
	before, err := s.look(ctx)
	if err != nil {
		return err
	}
	s.say("Restoring the old image is not enough: with OrderedReady, the controller waits for the broken pod to become ready " +
		"before it replaces it, which never happens (kubernetes#67250). abort restores the template and then deletes that pod.")
	if err := s.run(ctx, 0, "kubectl sts canary abort postgres --yes --timeout=60s"); err != nil {
		return err
	}
	return s.expect(ctx, "all pods run postgres:17.1 again, pods 0 to 3 were not restarted, and no annotation remains",
		images("postgres:17.1", 0, 1, 2, 3, 4), same(before, 0, 1, 2, 3), clean)
}

func finish(ctx context.Context, s *stage) error {
	s.say("The fixed release: a canary on 40% of the ordinals, which are two of five, then the rest.")
	if err := s.run(ctx, 0, "kubectl sts canary start postgres --image postgres:17.3 --canaries 40% --yes"); err != nil {
		return err
	}
	if err := s.run(ctx, 0, "kubectl sts canary promote postgres --full --yes"); err != nil {
		return err
	}
	if err := s.run(ctx, 0, "kubectl sts status postgres"); err != nil {
		return err
	}
	if err := s.expect(ctx, "all pods run postgres:17.3, the partition is 0 again, and no annotation remains",
		images("postgres:17.3", 0, 1, 2, 3, 4), clean); err != nil {
		return err
	}
	s.say("All changes are recorded as Events on the StatefulSet.")
	return s.run(ctx, 0, "kubectl get events --field-selector reportingComponent=kubectl-sts "+
		"-o custom-columns=REASON:.reason,MESSAGE:.message")
}

// world has the objects for the checks.
type world struct {
	set  *appsv1.StatefulSet
	pods map[int]*corev1.Pod
}

func (s *stage) look(ctx context.Context) (*world, error) {
	w := &world{pods: map[int]*corev1.Pod{}}
	var err error
	if w.set, err = s.client.AppsV1().StatefulSets(metav1.NamespaceDefault).Get(ctx, set, metav1.GetOptions{}); err != nil {
		return nil, err
	}
	pods, err := s.client.CoreV1().Pods(metav1.NamespaceDefault).List(ctx, metav1.ListOptions{LabelSelector: "app=" + set})
	if err != nil {
		return nil, err
	}
	for i := range pods.Items {
		var ordinal int
		if _, err := fmt.Sscanf(pods.Items[i].Name, set+"-%d", &ordinal); err != nil {
			return nil, fmt.Errorf("pod %s: %w", pods.Items[i].Name, err)
		}
		w.pods[ordinal] = &pods.Items[i]
	}
	return w, nil
}

// expect checks the objects themselves, not the output of the plugin.
func (s *stage) expect(ctx context.Context, what string, conditions ...func(*world) error) error {
	w, err := s.look(ctx)
	if err != nil {
		return err
	}
	for _, condition := range conditions {
		err = errors.Join(err, condition(w))
	}
	return s.checked(what, err)
}

// images requires that these ordinals are ready with the image.
func images(image string, ordinals ...int) func(*world) error {
	return func(w *world) error {
		var err error
		for _, o := range ordinals {
			pod := w.pods[o]
			switch {
			case pod == nil:
				err = errors.Join(err, fmt.Errorf("pod %s-%d not found", set, o))
			case pod.Spec.Containers[0].Image != image:
				err = errors.Join(err, fmt.Errorf("%s runs %s, not %s", pod.Name, pod.Spec.Containers[0].Image, image))
			case !ready(pod):
				err = errors.Join(err, fmt.Errorf("%s is not ready", pod.Name))
			}
		}
		return err
	}
}

// broken requires that the pod of the ordinal exists but is not ready.
func broken(ordinal int) func(*world) error {
	return func(w *world) error {
		if pod := w.pods[ordinal]; pod == nil || ready(pod) {
			return fmt.Errorf("%s-%d does not exist or is ready", set, ordinal)
		}
		return nil
	}
}

func ready(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// same requires that the pods of these ordinals are the same as before.
func same(before *world, ordinals ...int) func(*world) error {
	return func(w *world) error {
		for _, o := range ordinals {
			var was, is types.UID
			if p := before.pods[o]; p != nil {
				was = p.UID
			}
			if p := w.pods[o]; p != nil {
				is = p.UID
			}
			if was == "" || was != is {
				return fmt.Errorf("%s-%d is not the same pod as before", set, o)
			}
		}
		return nil
	}
}

// clean requires that no annotation and no partition of a canary remains on the set.
func clean(w *world) error {
	for key := range maps.Keys(w.set.Annotations) {
		if strings.HasPrefix(key, "kubectl-sts.dev/") {
			return fmt.Errorf("annotation %s still exists", key)
		}
	}
	if ru := w.set.Spec.UpdateStrategy.RollingUpdate; ru != nil && ru.Partition != nil && *ru.Partition != 0 {
		return fmt.Errorf("the partition is %d", *ru.Partition)
	}
	return nil
}
