package main

import (
	"context"
	"fmt"
	"net"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var dns = chapter{
	title: "Do the members find each other?",
	play:  playDNS,
	shown: []string{
		"dns: the stable names, which of them are published, and why not; as seeds, hosts or variables to paste.",
		"dns --resolve and --wait: what the cluster's own DNS really answers, compared with the pods.",
	},
}

func playDNS(ctx context.Context, s *stage) error {
	s.say("Peers, drivers and certificates go by the pods' stable names. This is what a client is to be told:")
	if err := s.run(ctx, 0, "kubectl sts dns postgres -o seeds"); err != nil {
		return err
	}
	s.say("Do these names resolve, and to the right addresses? The cluster's CoreDNS is asked, by DNS over TCP through a port-forward.")
	if err := s.run(ctx, 0, "kubectl sts dns postgres --resolve"); err != nil {
		return err
	}
	s.say("A pod is replaced. Its name is gone until the next one is ready, and caches may be behind: a script waits until every name is right again.")
	if err := s.run(ctx, 0, "kubectl delete pod postgres-1"); err != nil {
		return err
	}
	if err := s.run(ctx, 0, "kubectl sts dns postgres --wait --timeout 60s"); err != nil {
		return err
	}
	return s.resolved(ctx, 3)
}

// resolved asks CoreDNS itself for the names of the first pods.
func (s *stage) resolved(ctx context.Context, pods int) error {
	const what = "asked directly, CoreDNS gives each pod's address for its name"
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, s.dns)
	}}
	for o := range pods {
		pod, err := s.client.CoreV1().Pods(metav1.NamespaceDefault).Get(ctx, fmt.Sprintf("%s-%d", set, o), metav1.GetOptions{})
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s.%s.default.svc.cluster.local.", pod.Name, set)
		found, err := resolver.LookupHost(ctx, name)
		if err == nil && !slices.Equal(found, []string{pod.Status.PodIP}) {
			err = fmt.Errorf("it gives %v for %s, which has %s", found, pod.Name, pod.Status.PodIP)
		}
		if err != nil {
			return s.checked(what, err)
		}
	}
	return s.checked(what, nil)
}
