package cluster

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// CoreDNS answers with what the API server knows of simulated pods.
func TestDNS(t *testing.T) {
	t.Parallel()
	c := SharedDNS(t)
	namespace := c.Namespace(t)
	labels := map[string]string{"app": "web"}
	if _, err := c.Client().CoreV1().Services(namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Selector: labels},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Client().CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web-0", Labels: labels},
		Spec:       corev1.PodSpec{Hostname: "web-0", Subdomain: "web", Containers: []corev1.Container{{Name: "app", Image: "app:v1"}}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, c.State().DNS)
	}}
	// A name that is asked for too early is denied for a while, so not before it is there.
	var address string
	err := wait.PollUntilContextTimeout(t.Context(), pollEvery, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := c.Client().DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) == 0 || len(list.Items[0].Endpoints) == 0 {
			return false, err
		}
		e := list.Items[0].Endpoints[0]
		address = e.Addresses[0]
		return e.Conditions.Ready != nil && *e.Conditions.Ready, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	err = wait.PollUntilContextTimeout(t.Context(), pollEvery, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		found, err = resolver.LookupHost(ctx, "web-0.web."+namespace+".svc.cluster.local.")
		if e := (*net.DNSError)(nil); errors.As(err, &e) && e.IsNotFound {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil || !slices.Equal(found, []string{address}) {
		t.Errorf("CoreDNS gives %v for a pod at %s, error %v", found, address, err)
	}
}

func TestDNSIsNotForARealNode(t *testing.T) {
	t.Parallel()
	if _, err := prepareDNS(t.Context(), Config{DNS: true, RealNode: true}); err == nil {
		t.Error("a second CoreDNS beside the real node's")
	}
}
