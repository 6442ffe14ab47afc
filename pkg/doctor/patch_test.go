package doctor_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// notPatches are checks whose patch is no patch of the object, and why.
var notPatches = map[sts.FindingCode]string{
	"AllOnOneNode":          "the pods move when they are restarted",
	"DeploymentSharesClaim": "a StatefulSet replaces the Deployment",
}

// Every patch fixes what it is printed for: applied as kubectl patch does, or created, it leaves one finding less of
// the check about the object, or a less severe one, and no new error.
func TestPatchesFix(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "checks", "*", "fires*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	patched := map[sts.FindingCode]bool{}
	for _, file := range files {
		objects, before := parse(t, file), examine(t, file)
		for _, f := range before.Findings {
			if f.Patch == "" || string(f.Code) != filepath.Base(filepath.Dir(file)) {
				continue
			}
			patched[f.Code] = true
			if notPatches[f.Code] != "" {
				continue
			}
			after := examineObjects(t, file, apply(t, objects, f))
			if was, is := about(before, f), about(after, f); is >= was {
				t.Errorf("%s: %d findings before and %d after the patch of\n%s", file, was, is, describe(f))
			}
			for _, other := range after.Findings {
				if other.Severity == sts.SeverityError && about(before, other) == 0 {
					t.Errorf("%s: the patch of\n%scauses\n%s", file, describe(f), describe(other))
				}
			}
		}
	}
	for code := range notPatches {
		if !patched[code] {
			t.Errorf("%s has no patch", code)
		}
	}
}

// about is the number of findings of the same check about the same object, at least as severe.
func about(r *doctor.Report, f doctor.DoctorFinding) int {
	n := 0
	for _, other := range r.Findings {
		if other.Code == f.Code && other.Object == f.Object && other.Namespace == f.Namespace && other.Severity.AtLeast(f.Severity) {
			n++
		}
	}
	return n
}

// apply patches the object of the finding, or adds the object that the patch is.
func apply(t *testing.T, objects []manifest.Object, f doctor.DoctorFinding) []manifest.Object {
	t.Helper()
	var created struct{ Kind string }
	patch, err := yaml.YAMLToJSON([]byte(f.Patch))
	if err != nil || yaml.Unmarshal(patch, &created) != nil {
		t.Fatal(err)
	}
	var all []string
	if created.Kind != "" {
		all = append(all, string(patch))
	}
	for _, o := range objects {
		raw := []byte(o.Raw)
		if created.Kind == "" && f.Object == strings.ToLower(o.Kind)+"/"+o.Metadata.Name {
			switch kind := map[string]any{
				"StatefulSet": appsv1.StatefulSet{}, "Deployment": appsv1.Deployment{}, "Service": corev1.Service{}, "StorageClass": storagev1.StorageClass{},
				"PodDisruptionBudget": policyv1.PodDisruptionBudget{}, "HorizontalPodAutoscaler": autoscalingv2.HorizontalPodAutoscaler{},
			}[o.Kind]; kind {
			case nil:
				raw, err = jsonpatch.MergePatch(raw, patch)
			default:
				raw, err = strategicpatch.StrategicMergePatch(raw, patch, kind)
			}
			if err != nil {
				t.Fatalf("%s: %s", describe(f), err)
			}
		}
		all = append(all, string(raw))
	}
	out, err := manifest.Parse([]byte(strings.Join(all, "\n---\n")))
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", describe(f), err))
	}
	return out
}
