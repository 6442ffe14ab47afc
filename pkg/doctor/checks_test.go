package doctor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// now is when the clusters of the fixtures were read.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Every check has manifests, or objects of a cluster (live), that fire it, and near misses that do not. What
// the former find is in a golden file beside them.
func TestChecks(t *testing.T) {
	known := map[string]bool{}
	for _, c := range doctor.Checks() {
		code := string(c.Code)
		if known[code] {
			t.Errorf("%s is there twice", code)
		}
		known[code] = true
		t.Run(code, func(t *testing.T) {
			fires, near := fixtures(t, code, "fires"), fixtures(t, code, "near")
			if len(fires) == 0 || len(near) == 0 {
				t.Fatalf("testdata/checks/%s has %d files fires*.yaml and %d near*.yaml, and needs both", code, len(fires), len(near))
			}
			if live := slices.ContainsFunc(fires, isLive); c.Looks == doctor.Cluster && !live {
				t.Errorf("it looks at a cluster, and no fixture is one (fires-live.yaml)")
			}
			worst := sts.SeverityInfo
			for _, file := range fires {
				text := ""
				for _, f := range examine(t, file).Findings {
					if f.Code != c.Code {
						continue
					}
					if f.Severity.AtLeast(worst) {
						worst = f.Severity
					}
					if !f.Severity.AtLeast(sts.SeverityInfo) || !c.Severity.AtLeast(f.Severity) {
						t.Errorf("%s: severity %s, and the check's worst is %s", file, f.Severity, c.Severity)
					}
					if !isLive(file) && f.Line == 0 {
						t.Errorf("%s: no line for %s in %s", file, f.Field, f.Object)
					}
					var patch map[string]any
					if err := yaml.UnmarshalStrict([]byte(f.Patch), &patch); err != nil {
						t.Errorf("%s: the patch cannot be applied: %s\n%s", file, err, f.Patch)
					}
					text += describe(f)
				}
				if text == "" {
					t.Errorf("%s: nothing found", file)
				}
				golden.Assert(t, text, filepath.Join("checks", code, strings.TrimSuffix(filepath.Base(file), ".yaml")+".txt"))
			}
			if worst != c.Severity {
				t.Errorf("the worst finding is %s, the check's severity %s", worst, c.Severity)
			}
			for _, file := range near {
				for _, f := range examine(t, file).Findings {
					if f.Code == c.Code && !f.Ignored {
						t.Errorf("%s: false alarm: %s", file, describe(f))
					}
				}
			}
			for _, text := range []string{c.Title, c.Explain, c.Remedy} {
				if text == "" {
					t.Error("a title, an explanation or a remedy is missing")
				}
			}
			if len(c.Title) > 72 || strings.HasSuffix(c.Title, ".") {
				t.Errorf("the title is too long, or ends with a full stop: %s", c.Title)
			}
			if (c.Run == nil) == (c.RunAll == nil) && code != "IgnoreUnused" {
				t.Error("it needs either Run or RunAll")
			}
		})
	}
	dirs, err := os.ReadDir(filepath.Join("testdata", "checks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if !known[dir.Name()] {
			t.Errorf("testdata/checks/%s: no such check", dir.Name())
		}
	}
}

func isLive(file string) bool { return strings.HasSuffix(file, "-live.yaml") }

func fixtures(t *testing.T, code, kind string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "checks", code, kind+"*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func parse(t *testing.T, file string) []manifest.Object {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse(data)
	if err != nil {
		t.Fatalf("%s: %s", file, err)
	}
	for i := range objects {
		objects[i].File = filepath.Base(file)
	}
	return objects
}

// examine reads a fixture: manifests, or objects of a cluster.
func examine(t *testing.T, file string) *doctor.Report {
	t.Helper()
	return examineObjects(t, file, parse(t, file))
}

func examineObjects(t *testing.T, file string, objects []manifest.Object) *doctor.Report {
	t.Helper()
	if isLive(file) {
		return doctor.Examine(clusterOf(t, objects), nil, nil)
	}
	return examineManifests(t, objects, doctor.Placement{Namespace: manifest.Home(objects, "default")}, nil, nil)
}

func examineManifests(t testing.TB, objects []manifest.Object, place doctor.Placement, examined doctor.Examined, ignore []sts.FindingCode) *doctor.Report {
	t.Helper()
	r, err := doctor.ExamineManifests(objects, place, domain, now, examined, ignore)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var domain = names.Domain{Name: names.DefaultDomain, Source: names.DomainAssumed}

// clusterOf is a cluster with these objects.
func clusterOf(t *testing.T, objects []manifest.Object) *doctor.Input {
	t.Helper()
	in := &doctor.Input{Inventory: &sts.Inventory{TakenAt: now}, Domain: domain}
	slots := append(manifest.Slots(in.Inventory),
		manifest.SlotFor("Pod", "", &in.Pods),
		manifest.SlotFor("PersistentVolumeClaim", "", &in.Claims),
		manifest.SlotFor("Event", "", &in.Events),
		manifest.SlotFor("ControllerRevision", "apps", &in.Revisions),
		manifest.SlotFor("PersistentVolume", "", &in.PersistentVolumes),
		manifest.SlotFor("Deployment", "apps", &in.Deployments),
		manifest.SlotFor("ConfigMap", "", &in.ConfigMaps),
		manifest.SlotFor("StorageClass", "storage.k8s.io", &in.Classes),
		manifest.SlotFor("VolumeAttachment", "storage.k8s.io", &in.Attachments),
		manifest.SlotFor("Node", "", &in.Nodes),
	)
	for i := range objects {
		o := &objects[i]
		if o.Kind == "Missing" { // a resource that the user must not list
			in.Missing = append(in.Missing, sts.Missing{Resource: o.Metadata.Name, Reason: "forbidden"})
			continue
		}
		slot := o.In(slots)
		if slot == nil {
			t.Fatalf("%s: kind not known", o)
		}
		added, problems, err := slot.Add(o)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%s: %v %v", o, problems, err)
		}
		if added.GetNamespace() == "" && !manifest.ClusterScoped(o.Kind) {
			added.SetNamespace("default")
		}
		if added.GetUID() == "" {
			added.SetUID(types.UID(strings.ToLower(o.Kind) + "-" + added.GetName()))
		}
	}
	for _, pod := range in.Pods { // as the controller sets it
		name, _, ok := sts.CutOrdinal(pod.Name)
		for _, set := range in.Sets {
			if ok && set.Name == name && set.Namespace == pod.Namespace && len(pod.OwnerReferences) == 0 {
				pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))}
			}
		}
	}
	in.Volumes = []sts.Volume{}
	for _, volume := range in.PersistentVolumes {
		in.Volumes = append(in.Volumes, sts.NewVolume(volume))
	}
	return in
}

func describe(f doctor.DoctorFinding) string {
	out := fmt.Sprintf("%s %s %s", sts.Words(f.Severity), f.Object, f.Code)
	if f.Namespace != "" && f.Namespace != "default" {
		out += " in " + f.Namespace
	}
	if len(f.Ordinals) > 0 {
		out += " ordinals " + sts.FormatOrdinals(f.Ordinals)
	}
	if f.Field != "" || f.Line > 0 {
		out += fmt.Sprintf(" (%s, line %d)", f.Field, f.Line)
	}
	if f.Ignored {
		out += " ignored: " + f.IgnoreReason
	}
	out += "\n  " + f.Message + "\n"
	for _, line := range f.Hint.Lines() {
		out += "  → " + line.String() + "\n"
	}
	for line := range strings.Lines(f.Patch) {
		out += "    " + line
	}
	return out
}

// What may not be listed is not missing: without a permission checks find less, never more.
func TestForbiddenIsNotAbsent(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "checks", "*", "*-live.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	resources := map[string]string{
		"Pod": "pods", "PersistentVolumeClaim": "persistentvolumeclaims", "Event": "events", "ControllerRevision": "controllerrevisions",
		"PersistentVolume": "persistentvolumes", "Deployment": "deployments", "ConfigMap": "configmaps", "StorageClass": "storageclasses",
		"VolumeAttachment": "volumeattachments", "Node": "nodes", "Service": "services", "EndpointSlice": "endpointslices", "Endpoints": "endpoints",
		"PodDisruptionBudget": "poddisruptionbudgets", "HorizontalPodAutoscaler": "horizontalpodautoscalers", "ScaledObject": "scaledobjects",
	}
	for _, file := range files {
		objects := parse(t, file)
		known, worst := map[string]bool{}, map[string]bool{}
		for _, f := range doctor.Examine(clusterOf(t, objects), nil, nil).Findings {
			known[string(f.Code)+f.Object] = true
			worst[f.Object] = worst[f.Object] || f.Severity != sts.SeverityInfo
		}
		for kind, resource := range resources {
			var rest []manifest.Object
			for _, o := range objects {
				if o.Kind != kind {
					rest = append(rest, o)
				}
			}
			in := clusterOf(t, rest)
			in.Missing = append(in.Missing, sts.Missing{Resource: resource, Reason: "forbidden"})
			for _, f := range doctor.Examine(in, nil, nil).Findings {
				if f.Code == "PodsFailing" {
					continue // true in any case; with the permission another check names the cause
				}
				// What is left of an error that cannot be proven may be an info.
				// ClassMissing is reported instead of ClaimPending where both can be.
				instead := f.Code == "ClaimPending" && known["ClassMissing"+f.Object]
				if left := worst[f.Object] && f.Severity == sts.SeverityInfo; !known[string(f.Code)+f.Object] && !left && !instead {
					t.Errorf("%s: without permission to list %s: %s", file, resource, describe(f))
				}
			}
		}
	}
}

// A pod that fails is reported by some check, whatever cannot be listed besides pods and events: a check that is
// omitted explains nothing.
func TestFailingPodsAreReported(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "checks", "*", "fires*-live.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	explains := doctor.Find("PodsFailing").After
	reported := func(in *doctor.Input) map[string]bool {
		out := map[string]bool{}
		for _, f := range doctor.Examine(in, nil, nil).Findings {
			for _, o := range f.Ordinals {
				if f.Code == "PodsFailing" || slices.Contains(explains, f.Code) {
					out[fmt.Sprint(f.Namespace, " ", o)] = true
				}
			}
		}
		return out
	}
	var optional []string
	for _, code := range explains {
		for _, need := range doctor.Find(string(code)).Needs {
			if need != "pods" && need != "events" && !slices.Contains(optional, need) {
				optional = append(optional, need)
			}
		}
	}
	forbid := func(in *doctor.Input, resources ...string) *doctor.Input {
		for _, resource := range resources {
			in.Missing = append(in.Missing, sts.Missing{Resource: resource, Reason: "forbidden"})
			switch resource {
			case "storageclasses":
				in.Classes = nil
			case "persistentvolumeclaims":
				in.Claims = nil
			case "persistentvolumes":
				in.PersistentVolumes, in.Volumes = nil, nil
			case "nodes":
				in.Nodes = nil
			case "controllerrevisions":
				in.Revisions = nil
			}
		}
		return in
	}
	for _, file := range files {
		least := reported(forbid(clusterOf(t, parse(t, file)), optional...))
		proven := []string{"AttachFailed", "ClaimPending", "ClassMissing", "RolloutStuck", "VolumeZoneLost"} // by the pods and their events
		if slices.Contains(proven, filepath.Base(filepath.Dir(file))) && len(least) == 0 {
			t.Errorf("%s: with no permission but for pods and events no failing pod is reported", file)
		}
		status := reported(doctor.FromInventory(clusterOf(t, parse(t, file)).Inventory))
		for _, resource := range optional {
			got := reported(forbid(clusterOf(t, parse(t, file)), resource))
			for ordinal := range least {
				if !got[ordinal] {
					t.Errorf("%s: without permission to list %s nothing is reported about ordinal %s", file, resource, ordinal)
				}
				if !status[ordinal] {
					t.Errorf("%s: the line of kubectl sts status misses ordinal %s", file, ordinal)
				}
			}
		}
	}
}

// A check runs after those at whose findings it looks: they are checks of sets, and not the other way round.
func TestChecksRunAfterOthers(t *testing.T) {
	var reaches func(c *doctor.Check, code sts.FindingCode) bool
	reaches = func(c *doctor.Check, code sts.FindingCode) bool {
		return slices.ContainsFunc(c.After, func(after sts.FindingCode) bool { return after == code || reaches(doctor.Find(string(after)), code) })
	}
	for _, c := range doctor.Checks() {
		for _, code := range c.After {
			if after := doctor.Find(string(code)); after == nil || after.Run == nil || reaches(after, c.Code) {
				t.Errorf("%s runs after %s: %+v", c.Code, code, after)
			}
		}
	}
}

const ignoring = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, annotations: {doctor.kubectl-sts.dev/ignore: "IGNORED"}}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: "app:1"}]}}
`

// What cannot be read may have what an ignored check looks for.
func TestIgnoreUnused(t *testing.T) {
	for _, test := range []struct{ ignored, missing, want string }{
		{"NamesNotServed", "", "NamesNotServed"},
		{"NamesNotServed", "configmaps", ""},
		{"NoSuchCheck", "configmaps", "NoSuchCheck"},
		{"NamesNotServed,IgnoreUnused", "", "NamesNotServed, ignored"},
		{"NamesNotServed,NoSuchCheck,IgnoreUnused", "", "NamesNotServed, ignored|NoSuchCheck, ignored"},
		{"IgnoreUnused", "", "IgnoreUnused"},
		{"IgnoreUnused", "configmaps", ""},
	} {
		objects, err := manifest.Parse([]byte(strings.ReplaceAll(ignoring, "IGNORED", test.ignored)))
		if err != nil {
			t.Fatal(err)
		}
		in := clusterOf(t, objects)
		if test.missing != "" {
			in.Missing = append(in.Missing, sts.Missing{Resource: test.missing, Reason: "forbidden"})
		}
		var got []string
		for _, f := range doctor.Examine(in, nil, nil).Findings {
			if f.Code == "IgnoreUnused" {
				for _, code := range strings.Split(test.ignored, ",") {
					if strings.Contains(f.Message, code) {
						if f.Ignored {
							code += ", ignored"
						}
						got = append(got, code)
					}
				}
			}
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s, without %q: %q, want %q", test.ignored, test.missing, got, test.want)
		}
	}
}
