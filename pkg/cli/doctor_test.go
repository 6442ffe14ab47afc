package cli

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
)

// Findings in manifests, without a cluster.
func TestDoctorOfManifests(t *testing.T) {
	const dir = "doctor -f testdata/doctor/manifests "
	codes := " -o jsonpath={range.findings[*]}{.code}:{.line}:{.ignored}|{end}"
	current, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var said transcript
	for _, test := range []struct {
		args string
		code int
	}{
		{"doctor -f testdata/doctor/manifests/web.yaml", ExitOK},
		{"doctor -f testdata/doctor/manifests/web.yaml --fail-on warning", ExitFound},
		{"doctor -f testdata/doctor/manifests/web.yaml --fail-on warning --ignore nohistory", ExitOK},
		{"doctor -f testdata/doctor/manifests/web.yaml --fail-on info --ignore NoHistory,UpdatesOnDelete" + codes, ExitOK},
		{"doctor -f testdata/doctor/manifests/web.yaml --fail-on none", ExitOK},
		{"doctor -f testdata/doctor/manifests/web.yaml -o name", ExitOK},
		{"doctor -f testdata/doctor/manifests/web.yaml -o github", ExitOK},
		{"doctor -f testdata/doctor/manifests/web.yaml -l app=web" + codes, ExitOK},
		{"doctor -f testdata/doctor/manifests/web.yaml -l app=db" + codes, ExitError},
		{"doctor db -f testdata/doctor/manifests/web.yaml", ExitUsage},
		{dir, ExitError},
		{dir + "-R", ExitError},
		{dir + "-R -o json", ExitError},
		{dir + "-R -o github", ExitError},
		{dir + "-R -o junit --fail-on warning", ExitError},
		{"doctor -R -f testdata/doctor/overlays --fail-on info", ExitOK},
		{"doctor db -R -f testdata/doctor/overlays -o jsonpath={.items[*].file}", ExitOK},
		{"doctor -f testdata/doctor/other.yaml -o name", ExitFound},
		{"doctor web -f testdata/doctor/other.yaml", ExitOK},
		{"doctor -l !tier -f testdata/doctor/other.yaml", ExitOK},
		{"doctor -f testdata/doctor/stream.json -f ./testdata/doctor/stream.json" + codes, ExitOK},
		{"doctor -f testdata/doctor/stre*.json" + codes, ExitOK},
		{"doctor -f testdata/doctor/none*.json", ExitUsage},
		{"doctor db -f testdata/doctor/broken.yaml", ExitError},
		{"doctor -f testdata/doctor/twice.yaml -o junit", ExitFound},
		{"doctor -f testdata/doctor/escapes.yaml", ExitFound},
		{"doctor -f testdata/doctor/escapes.yaml -o name", ExitFound},
		{"doctor --list --cluster-domain x.example", ExitUsage},
		{"doctor -f testdata/doctor/stream.json -n A", ExitUsage},
		{"doctor -f -", ExitError},
		{"doctor -f testdata/doctor/size.yaml", ExitError},
		{"doctor -f testdata/doctor/stream.json -o name", ExitOK},
		{"doctor -f testdata/doctor/stream.json" + codes, ExitOK},
		{"doctor -f testdata/doctor/broken.yaml", ExitError},
		{"doctor -f testdata/doctor/types.yaml -o jsonpath={.items[*].name}:{.items[*].errors}:{.summary.errors}", ExitFound},
		{"plan -f testdata/doctor/types.yaml", ExitUsage},
		{"doctor -R -f testdata/doctor/repository/kustomize --fail-on info", ExitOK},
		{"doctor -f testdata/doctor/repository/kustomize/prod", ExitError},
		{"doctor -f testdata/doctor/repository/kustomize/prod/patches --fail-on info", ExitError},
		{"doctor -f testdata/doctor/repository/kustomize/prod/patches/replicas.yaml -o name", ExitFound},
		{"doctor -R -f testdata/doctor/repository/chart", ExitError},
		{"doctor -f testdata/doctor/repository/chart", ExitError},
		{"doctor -f testdata/doctor/repository/chart/templates", ExitError},
		{"plan -R -f testdata/doctor/repository/chart", ExitUsage},
		{"plan -R -f testdata/doctor/repository/kustomize -o name", ExitOK},
		{"doctor -f testdata/dns/web.yaml -n typo", ExitError},
		{"doctor -f testdata/dns/web.yaml -n shop -o name", ExitOK},
		{"doctor -f testdata/doctor/service.yaml", ExitOK},
		{"doctor -f testdata/doctor/quoted.yaml", ExitError},
		{"plan -f testdata/doctor/quoted.yaml", ExitUsage},
		{"doctor -k testdata/doctor/kustomization" + codes, ExitOK},
		{"doctor -k testdata/doctor/manifests", ExitUsage},
		{"doctor -f testdata/doctor/helm.yaml", ExitError},
		{"doctor -f testdata/doctor/absent.yaml", ExitUsage},
		{"doctor -f https://example.com/web.yaml", ExitUsage},
		{"doctor -R", ExitUsage},
		{"doctor --explain nohistory", ExitOK},
		{"doctor --explain history", ExitUsage},
		{"doctor --ignore NoHistorie", ExitUsage},
		{"doctor --list web", ExitUsage},
	} {
		i := invoke(t, strings.Fields(test.args)...)
		if i.code != test.code {
			t.Errorf("%s: exit code %d, want %d: %s", test.args, i.code, test.code, i.err.String())
		}
		said.add(i, test.args, current, "DIRECTORY")
	}
	said.check(t, "doctor-of-manifests")
}

// Whatever is in a manifest, doctor neither panics nor hangs, and does not succeed without having read
// all of it.
func TestDoctorOfDamagedManifests(t *testing.T) {
	files, err := filepath.Glob("../doctor/testdata/checks/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		data, err := os.ReadFile(files[random.IntN(len(files))])
		if err != nil {
			t.Fatal(err)
		}
		damagedManifest(t, damage(random, data), []string{"", "json", "sarif", "junit", "github"}[random.IntN(5)])
	}
}

func FuzzDoctor(f *testing.F) {
	files, err := filepath.Glob("../doctor/testdata/checks/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { damagedManifest(t, data, "json") })
}

func damagedManifest(t *testing.T, data []byte, format string) {
	t.Helper()
	args := []string{"doctor", "-f", "-", "--fail-on", "none"}
	if format != "" {
		args = append(args, "-o", format)
	}
	i := invokeWith(t.Context(), t, bytes.NewReader(data), args...)
	objects, err := manifest.Parse(data)
	switch {
	case err != nil && i.code == ExitOK:
		t.Errorf("exit code 0, but it cannot be read: %s\n%s", err, data)
	case err == nil && len(objects) == 0 && i.code != ExitError:
		t.Errorf("exit code %d, but it has no objects\n%s", i.code, data)
	case err == nil && len(objects) > 0 && i.code != ExitOK:
		t.Errorf("exit code %d: %s\n%s", i.code, i.err.String(), data)
	case err == nil && format == "json":
		var r struct{ Items []any }
		sets := 0
		for _, o := range objects {
			if o.Kind == "StatefulSet" && o.Group() == "apps" {
				sets++
			}
		}
		if err := json.Unmarshal(i.out.Bytes(), &r); err != nil || len(r.Items) > sets {
			t.Errorf("%v: %d items, %d sets\n%s", err, len(r.Items), sets, data)
		}
	}
}

// damage changes some lines of a manifest: they are dropped, repeated, cut or get another value.
func damage(random *rand.Rand, data []byte) []byte {
	values := []string{"null", "[]", "{}", "-1", "99999999999999999999", `""`, "true", "[{}]", "0.5", "{a: [null]}", "Ä\u202e", "!!binary x", "*none", "&a [*a]"}
	lines := strings.Split(string(data), "\n")
	for range 1 + random.IntN(4) {
		i := random.IntN(len(lines))
		switch key, _, found := strings.Cut(lines[i], ": "); {
		case found && random.IntN(2) == 0:
			lines[i] = key + ": " + values[random.IntN(len(values))]
		case random.IntN(3) == 0:
			lines = append(lines[:i], append([]string{lines[i]}, lines[i:]...)...)
		case random.IntN(2) == 0:
			lines[i] = lines[i][:random.IntN(len(lines[i])+1)]
		default:
			lines[i] = "  " + lines[i]
		}
	}
	return []byte(strings.Join(lines, "\n"))
}
