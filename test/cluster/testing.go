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

// AttachEnv names the state folder of a running cluster that tests are to use
// instead of starting one of their own.
const AttachEnv = "KUBECTL_STS_TEST_CLUSTER"

var (
	sharedMu sync.Mutex
	shared   = map[string]*sharedCluster{}
)

type sharedCluster struct {
	once    sync.Once
	cluster *Cluster
	err     error
	ours    bool // and not one that we attached to
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
// Where there can be none the test is skipped; with CI set it fails.
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

	// Under the cluster's own lock, so that one start does not hold up tests
	// that want another cluster.
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

// serves tells whether a cluster has all that c asks for. It may have more, and, when no
// version was asked for, any.
func (c *Cluster) serves(wanted Config) bool {
	if asked := os.Getenv(KubernetesEnv); asked != "" {
		if version, err := Version(asked); err != nil || version != c.state.Kubernetes {
			return false
		}
	}
	return (c.state.RealNode || !wanted.RealNode) && (c.state.DNS != "" || !wanted.DNS)
}

// StopShared ends all clusters that Shared has started. It is for TestMain:
// without it they end a moment after the process.
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

// Namespace makes a namespace that pods can be created in, and deletes it when
// the test is over, without waiting for its end.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(t.Name()), "-"), "-")
	name = strings.Trim(name[max(0, len(name)-40):], "-") // the end tells subtests apart
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
