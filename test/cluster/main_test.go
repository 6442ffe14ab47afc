package cluster

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// ownerEnv makes the test binary a program that owns a cluster in that folder
// and does nothing more, for the test that kills it.
const ownerEnv = "KUBECTL_STS_TEST_CLUSTER_OWNER"

// ownerNodeEnv gives that cluster a real node.
const ownerNodeEnv = "KUBECTL_STS_TEST_CLUSTER_OWNER_NODE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerEnv); dir != "" {
		config := Config{Dir: dir, RealNode: os.Getenv(ownerNodeEnv) != "", Log: os.Stderr}
		if _, err := Up(context.Background(), config); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("up")
		select {}
	}
	code := m.Run()
	StopShared()
	os.Exit(code)
}

// eventually fails the test when done does not come true, on a machine of any pace.
func eventually(t *testing.T, what string, done func(ctx context.Context) (bool, error)) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 2*time.Minute, true, done); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
