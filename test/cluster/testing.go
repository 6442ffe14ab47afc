package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AttachEnv names the state folder of a running cluster that tests use instead of
// starting one.
const AttachEnv = "KUBECTL_STS_TEST_CLUSTER"

var (
	sharedMu sync.Mutex
	shared   = map[string]*sharedCluster{}
)

type sharedCluster struct {
	once    sync.Once
	cluster *Cluster
	err     error
	ours    bool // started by this process, not attached
}

// Shared returns the one cluster of this test process that has these feature
// gates; the first call starts it. It ends with the process, or with StopShared.
func Shared(t testing.TB, featureGates map[string]bool) *Cluster {
	t.Helper()
	return share(t, Config{FeatureGates: featureGates, Log: os.Stderr})
}

// SharedApart returns the one cluster of this test process that has these feature gates, and
// others in its controller manager.
func SharedApart(t testing.TB, featureGates, controllerGates map[string]bool) *Cluster {
	t.Helper()
	return share(t, Config{FeatureGates: featureGates, ControllerGates: controllerGates, Log: os.Stderr})
}

// SharedDNS returns the one cluster of this test process that has a CoreDNS.
func SharedDNS(t testing.TB) *Cluster {
	t.Helper()
	return share(t, Config{DNS: true, Log: os.Stderr})
}

// SharedNode returns the one cluster of this test process that has a real node.
// If there cannot be one the test is skipped; with CI set it fails.
func SharedNode(t testing.TB) *Cluster {
	t.Helper()
	return share(t, Config{RealNode: true, Log: os.Stderr})
}

func share(t testing.TB, c Config) *Cluster {
	t.Helper()
	key := FormatGates(c.FeatureGates) + " " + FormatGates(c.ControllerGates)
	if c.RealNode {
		key += " and a real node"
	}
	if c.DNS {
		key += " and DNS"
	}
	sharedMu.Lock()
	s := shared[key]
	if s == nil {
		s = &sharedCluster{}
		shared[key] = s
	}
	sharedMu.Unlock()

	// Under the cluster's own lock, so that a start does not block tests that need
	// another cluster.
	s.once.Do(func() {
		if dir := os.Getenv(AttachEnv); dir != "" && len(c.FeatureGates) == 0 {
			s.cluster, s.err = Attach(dir)
			if s.err != nil || s.cluster.serves(c) {
				return
			}
		}
		s.ours = true
		s.cluster, s.err = Up(context.Background(), c)
	})
	var noNode *NoNodeError
	if errors.As(s.err, &noNode) && os.Getenv("CI") == "" {
		t.Skip(s.err)
	}
	if s.err != nil {
		t.Fatalf("the shared test cluster: %v", s.err)
	}
	return s.cluster
}

// serves reports whether a cluster has everything that c requires. It may have more and, if
// c has no version, any version.
func (c *Cluster) serves(wanted Config) bool {
	if asked := os.Getenv(KubernetesEnv); asked != "" {
		if version, err := Version(asked); err != nil || version != c.state.Kubernetes {
			return false
		}
	}
	return (c.state.RealNode || !wanted.RealNode) && (c.state.DNS != "" || !wanted.DNS)
}

// StopShared removes all clusters that Shared has started. It is for TestMain:
// without it they are removed a moment after the process has ended.
func StopShared() {
	sharedMu.Lock()
	defer sharedMu.Unlock()
	for key, s := range shared {
		if s.ours && s.cluster != nil {
			if err := s.cluster.Down(); err != nil {
				fmt.Fprintln(os.Stderr, "remove the shared test cluster:", err)
			}
		}
		delete(shared, key)
	}
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// Namespace creates a namespace in which pods can be created, and deletes it at the end
// of the test, without waiting for the deletion.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(t.Name()), "-"), "-")
	name = strings.Trim(name[max(0, len(name)-40):], "-") // the end distinguishes subtests
	namespace, err := c.client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: name + "-"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("make a namespace: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.client.CoreV1().Namespaces().Delete(ctx, namespace.Name, metav1.DeleteOptions{}); err != nil {
			t.Logf("delete namespace %s: %v", namespace.Name, err)
		}
	})
	if err := c.untilServiceAccount(ctx, namespace.Name); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}
