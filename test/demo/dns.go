package main

import (
	"context"
	"fmt"
	"net"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var dns = chapter{
	title: "DNS names of the members",
	play:  playDNS,
	shown: []string{
		"dns: the stable names, which of them are published, and why the others are not; as seeds, hosts or variables.",
		"dns --resolve and --wait: the answers of the cluster DNS, compared with the pods.",
	},
}

func playDNS(ctx context.Context, s *stage) error {
	s.say("Peers, drivers and certificates use the stable names of the pods. This is the list for the configuration of a client:")
	if err := s.run(ctx, 0, "kubectl sts dns postgres -o seeds"); err != nil {
		return err
	}
	s.say("Do these names resolve to the correct addresses? This queries the CoreDNS of the cluster, over TCP through a port-forward.")
	if err := s.run(ctx, 0, "kubectl sts dns postgres --resolve"); err != nil {
		return err
	}
	s.say("A pod is replaced. Its name does not resolve until the new pod is ready, or for longer because of caches. A script can wait until all names resolve correctly.")
	if err := s.run(ctx, 0, "kubectl delete pod postgres-1"); err != nil {
		return err
	}
	if err := s.run(ctx, 0, "kubectl sts dns postgres --wait --timeout 60s"); err != nil {
		return err
	}
	return s.resolved(ctx, 3)
}

// resolved queries CoreDNS directly for the names of the first pods.
func (s *stage) resolved(ctx context.Context, pods int) error {
	const what = "queried directly, CoreDNS returns the address of each pod for its name"
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
			err = fmt.Errorf("got %v for pod %s, which has %s", found, pod.Name, pod.Status.PodIP)
		}
		if err != nil {
			return s.checked(what, err)
		}
	}
	return s.checked(what, nil)
}
