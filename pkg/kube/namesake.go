package kube

import (
	"context"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namesakes is what a namespace has instead of a StatefulSet that was named. What could not be read is missing.
type Namesakes struct {
	// Sets are the names of the StatefulSets, nil if they could not be read.
	Sets []string
	// Kind is the kind of another workload with the name: Deployment or DaemonSet.
	Kind string
	// PodOf is the StatefulSet of a pod with the name.
	PodOf string
}

// mostNamesakes limits the list of StatefulSets.
const mostNamesakes = 500

// Namesakes looks for what was meant by the name of a StatefulSet that does not exist: four requests at the same time.
func (c *Client) Namesakes(ctx context.Context, namespace, name string) Namesakes {
	var (
		out     Namesakes
		mu      sync.Mutex
		pending sync.WaitGroup
	)
	look := func(read func() (func(), error)) {
		pending.Go(func() {
			if found, err := read(); err == nil {
				mu.Lock()
				defer mu.Unlock()
				found()
			}
		})
	}
	look(func() (func(), error) {
		list, err := c.kube.AppsV1().StatefulSets(namespace).List(ctx, metav1.ListOptions{Limit: mostNamesakes})
		return func() {
			out.Sets = []string{}
			for i := range list.Items {
				out.Sets = append(out.Sets, list.Items[i].Name)
			}
		}, err
	})
	look(func() (func(), error) {
		_, err := c.kube.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		return func() { out.Kind = "Deployment" }, err
	})
	look(func() (func(), error) {
		_, err := c.kube.AppsV1().DaemonSets(namespace).Get(ctx, name, metav1.GetOptions{})
		return func() { out.Kind = "DaemonSet" }, err
	})
	look(func() (func(), error) {
		pod, err := c.kube.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		return func() {
			if by := metav1.GetControllerOf(pod); by != nil && by.Kind == "StatefulSet" {
				out.PodOf = by.Name
			}
		}, err
	})
	pending.Wait()
	return out
}
