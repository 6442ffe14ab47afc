package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// releases are the versions of Kubernetes that a cluster can have, the default first. A
// module does not know its own release, and without this the API server calls itself
// v0.0.0-master: each must be the version of k8s.io/kubernetes in the release's go.mod.
var releases = []release{{"v1.37.2", "go"}, {"v1.36.3", "go-1.36"}, {"v1.35.4", "go-1.35"}, {"v1.34.4", "go-1.34"}}

// KubernetesEnv names the default version of Kubernetes for clusters: 1.35, or a full
// version.
const KubernetesEnv = "KUBECTL_STS_TEST_KUBERNETES"

// withoutKubelet leaves the kubelet out. It and kwok need different libraries for the
// container runtime in all releases but the newest, and kwok must be the same in all of
// them: so pods behave alike, and only Kubernetes differs.
const withoutKubelet = "without-kubelet.json"

// A release is built from the same sources as all others, with a go.mod and go.sum of its
// own.
type release struct {
	version string
	modules string // the name of its two files before the dot
}

// minor is the minor version of a release: 1.35.
func (r release) minor() string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(r.version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return major + "." + minor
}

// Versions lists the versions of Kubernetes that a cluster can have, the default first.
func Versions() []string {
	versions := make([]string, len(releases))
	for i, r := range releases {
		versions[i] = r.version
	}
	return versions
}

// Version is the full version for a short one like 1.35. The empty version means that of
// KubernetesEnv, or else the default.
func Version(short string) (string, error) {
	r, err := releaseOf(short)
	return r.version, err
}

// releaseOf finds the release of a minor or full version, with or without the v.
func releaseOf(version string) (release, error) {
	if version == "" {
		version = os.Getenv(KubernetesEnv)
	}
	if version == "" {
		return releases[0], nil
	}
	asked := strings.TrimPrefix(version, "v")
	for _, r := range releases {
		if asked == r.minor() || "v"+asked == r.version {
			return r, nil
		}
	}
	return release{}, fmt.Errorf("unknown version of Kubernetes %q, must be one of %s", version, strings.Join(Versions(), ", "))
}

func kubernetesTarget(source string, r release) target {
	const version = " -X k8s.io/component-base/version."
	major, minor, _ := strings.Cut(r.minor(), ".")
	t := target{
		name:    "components",
		module:  filepath.Join(source, "components", "kubernetes"),
		pkg:     ".",
		sources: []string{"*.go", r.modules + ".mod", r.modules + ".sum"},
		ldflags: "-s -w" +
			version + "gitVersion=" + r.version +
			version + "gitMajor=" + major +
			version + "gitMinor=" + minor +
			version + "gitTreeState=clean" +
			version + "gitCommit=none" +
			// A fixed date keeps the build reproducible.
			version + "buildDate=1970-01-01T00:00:00Z",
		links:   []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kubelet", "kwok"},
		usually: "20 minutes of CPU time the first time",
	}
	if r != releases[0] {
		t.sources = append(t.sources, withoutKubelet)
		t.flags = []string{"-modfile=" + r.modules + ".mod", "-overlay=" + withoutKubelet}
		t.links = slices.DeleteFunc(t.links, func(name string) bool { return name == "kubelet" })
	}
	return t
}
