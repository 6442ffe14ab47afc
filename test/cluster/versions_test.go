package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each version is written down twice, since a module can't tell its own.
func TestVersionIsTheModules(t *testing.T) {
	source, err := sourceDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range releases {
		file := filepath.Join(source, "components", "kubernetes", r.modules+".mod")
		gomod, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(gomod), "\tk8s.io/kubernetes "+r.version+"\n") {
			t.Errorf("%s does not require k8s.io/kubernetes %s", file, r.version)
		}
		// Libraries of another release would make another server of it.
		library := " => k8s.io/api " + strings.Replace(r.version, "v1.", "v0.", 1) + "\n"
		if !strings.Contains(string(gomod), library) {
			t.Errorf("%s does not replace k8s.io/api by that of %s", file, r.version)
		}
	}
	c := Shared(t, nil)
	version, err := c.Client().Discovery().ServerVersion()
	if err != nil || version.GitVersion != c.State().Kubernetes {
		t.Errorf("the server reports %v (%v), want %s", version, err, c.State().Kubernetes)
	}
}

func TestReleaseOf(t *testing.T) {
	for asked, want := range map[string]string{
		"": "v1.37.2", "1.37": "v1.37.2", "1.36": "v1.36.3", "v1.35": "v1.35.4", "1.35.4": "v1.35.4", "v1.34.4": "v1.34.4",
	} {
		t.Setenv(KubernetesEnv, "")
		if got, err := releaseOf(asked); err != nil || got.version != want {
			t.Errorf("%q: %v (%v), want %s", asked, got, err, want)
		}
	}
	for _, asked := range []string{"1.35.3", "1.3", "newest"} {
		if got, err := releaseOf(asked); err == nil || !strings.Contains(err.Error(), "v1.35.4") {
			t.Errorf("%q: %v (%v), want an error that says which there are", asked, got, err)
		}
	}
	t.Setenv(KubernetesEnv, "1.34")
	if got, err := releaseOf(""); err != nil || got.version != "v1.34.4" {
		t.Errorf("by the environment: %v (%v)", got, err)
	}
	if got, err := releaseOf("1.35"); err != nil || got.version != "v1.35.4" {
		t.Errorf("asked for against the environment: %v (%v)", got, err)
	}
}

func TestRealNodeOfOldVersion(t *testing.T) {
	var noNode *NoNodeError
	if _, err := Up(t.Context(), Config{Dir: t.TempDir(), Kubernetes: "1.34", RealNode: true}); !errors.As(err, &noNode) {
		t.Errorf("a kubelet of 1.34: %v", err)
	}
}

// The components of two versions never share a place in the cache.
func TestKeysOfVersions(t *testing.T) {
	source, err := sourceDir()
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for _, r := range releases {
		key, err := kubernetesTarget(source, r).key(t.Context(), "go")
		if err != nil {
			t.Fatal(err)
		}
		if other := keys[key]; other != "" {
			t.Errorf("%s and %s share %s", r.version, other, key)
		}
		keys[key] = r.version
	}
}
