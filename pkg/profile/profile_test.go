package profile_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

func read(t testing.TB, parts ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parse(t testing.TB, raw []byte) *profile.Profile {
	t.Helper()
	p, err := profile.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			p, err := profile.Parse(read(t, file))
			var mistakes profile.Mistakes
			if p != nil || !errors.As(err, &mistakes) {
				t.Fatalf("got %+v and %v", p, err)
			}
			golden.Assert(t, err.Error()+"\n", filepath.Join("mistakes", strings.TrimSuffix(filepath.Base(file), ".yaml")+".txt"))
		})
	}
}

// A profile that was marshalled parses to the same one, with its defaults.
func TestRoundTrip(t *testing.T) {
	all := append(profile.Builtin(), parse(t, read(t, "testdata/everything.yaml")))
	for _, p := range all {
		raw, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, parse(t, raw)); diff != "" {
			t.Errorf("%s differs after it was marshalled and parsed (-before +after):\n%s", p.Metadata.Name, diff)
		}
	}
}

func TestEveryFieldIsRead(t *testing.T) {
	p := parse(t, read(t, "testdata/everything.yaml"))
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		if v.IsZero() && path != ".Refuse" { // excludes the others
			t.Errorf("%s is empty", path)
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			walk(path, v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				// The first command has all fields but the conditions, which drain's first one has.
				field := v.Type().Field(i).Name
				if v.Type() == reflect.TypeFor[profile.Command]() && (path != ".Precheck" && path != ".Drain" ||
					(field == "If" || field == "Unless") != (path == ".Drain")) {
					continue
				}
				walk(path+"."+field, v.Field(i))
			}
		case reflect.Slice:
			walk(path, v.Index(0))
		}
	}
	walk("", reflect.ValueOf(p).Elem())
	look := p.Precheck[0]
	argv, err := look.Argv(profile.Vars{"POD_NAME": "db-2"})
	if diff := cmp.Diff([]string{"look", "db-2", "$(NOT)", "$(date)"}, argv); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestDefaults(t *testing.T) {
	p := parse(t, []byte(`{apiVersion: kubectl-sts.dev/v1alpha1, kind: DrainProfile, metadata: {name: x}, system: X,
precheck: [{name: a, command: [a]}], drain: [{name: a, command: [a], retries: 1}], cancel: [{name: a, command: [a]}],
until: {commands: [{name: a, command: [a]}]}, after: [{name: a, command: [a]}],
join: {before: [{name: a, command: [a]}], started: [{name: a, command: [a]}], after: [{name: a, command: [a]}]}}`))
	got := map[profile.Section]profile.Where{}
	for _, rules := range profile.Sections {
		for _, c := range p.Commands(rules.Section) {
			got[rules.Section] = c.On
			if c.Timeout.Duration != profile.DefaultTimeout || !cmp.Equal(c.ExitCodes, []int{0}) {
				t.Errorf("%s: %+v", rules.Section, c)
			}
		}
	}
	want := map[profile.Section]profile.Where{
		profile.Precheck: profile.Survivor, profile.Drain: profile.Leaving, profile.UntilGone: profile.Survivor,
		profile.Cancel: profile.Leaving, profile.After: profile.Survivor, profile.JoinBefore: profile.Survivor,
		profile.JoinStarted: profile.Survivor, profile.JoinAfter: profile.Survivor,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p.Drain[0].Pause.Duration != profile.DefaultPause || p.Precheck[0].Pause.Duration != 0 {
		t.Errorf("pauses %v, %v", p.Drain[0].Pause, p.Precheck[0].Pause)
	}
	if u := p.Until; u.Successes != profile.DefaultSuccesses || u.Interval.Duration != profile.DefaultInterval || u.Timeout.Duration != profile.DefaultUntilTimeout {
		t.Errorf("until %+v", u)
	}
}

func TestArgv(t *testing.T) {
	vars := profile.Vars{"POD_NAME": "db-2", "ID": "$(POD_NAME)"}
	for _, test := range []struct{ arg, want, problem string }{
		{"plain", "plain", ""},
		{"$(POD_NAME).svc", "db-2.svc", ""},
		{"a$(POD_NAME)b$(POD_NAME)", "adb-2bdb-2", ""},
		{"$(ID)", "$(POD_NAME)", ""}, // values are not expanded
		{"$$(POD_NAME)", "$(POD_NAME)", ""},
		{"$$$(POD_NAME)", "$db-2", ""},
		{"$$$$", "$$", ""},
		{"$(date) $(pod_name) $() $(A B) $HOME $", "$(date) $(pod_name) $() $(A B) $HOME $", ""},
		{"$(POD_NAME", "$(POD_NAME", ""},
		{"$(OTHER)", "", profile.MsgCommandError("x", errors.New(profile.MsgNoVariable("OTHER")))},
	} {
		c := profile.Command{Name: "x", Command: []string{test.arg}}
		argv, err := c.Argv(vars)
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if strings.Join(argv, "|") != test.want || problem != test.problem {
			t.Errorf("%q: got %q, %q", test.arg, argv, problem)
		}
	}
}

func TestWanted(t *testing.T) {
	vars := profile.Vars{"MODE": "LEAVING", "ID": "a.c", "OTHER": "abc"}
	for _, test := range []struct {
		if_, unless map[string]string
		want        bool
	}{
		{nil, nil, true},
		{map[string]string{"MODE": "LEAV"}, nil, true},
		{map[string]string{"MODE": "^LEAV$"}, nil, false},
		{map[string]string{"MODE": "LEAV", "ID": "x"}, nil, false},
		{nil, map[string]string{"MODE": "LEAV"}, false},
		{nil, map[string]string{"MODE": "x", "ID": "c"}, false},
		{nil, map[string]string{"MODE": "x", "ID": "y"}, true},
		{map[string]string{"OTHER": "^$(ID)$"}, nil, false}, // the value is no regular expression
		{map[string]string{"ID": "^$(ID)$"}, nil, true},
	} {
		c := profile.Command{Name: "x", If: test.if_, Unless: test.unless}
		if got, err := c.Wanted(vars); got != test.want || err != nil {
			t.Errorf("if %v unless %v: %v, %v", test.if_, test.unless, got, err)
		}
	}
	c := profile.Command{Name: "x", If: map[string]string{"GONE": "."}}
	if _, err := c.Wanted(vars); err == nil || err.Error() != profile.MsgCommandError("x", errors.New(profile.MsgNoVariable("GONE"))) {
		t.Error(err)
	}
}

func TestRead(t *testing.T) {
	c := profile.Command{Name: "x", ExitCodes: []int{0, 3}, Expect: []string{`^$(POD_NAME)\s`}, Reject: []string{"error"},
		Capture: map[string]string{"ID": `^id=(.*)$`, "ROLE": `^role=(\w+)$`}, Else: map[string]string{"ROLE": "none"}}
	vars := profile.Vars{"POD_NAME": "db-2"}
	for _, test := range []struct {
		name, stdout string
		code         int
		captured     profile.Vars
		problem      string
	}{
		{"all", "db-2 up\nid=7\nrole=leader\n", 0, profile.Vars{"ID": "7", "ROLE": "leader"}, ""},
		{"another good exit code", "db-2 up\nid=7\n", 3, profile.Vars{"ID": "7", "ROLE": "none"}, ""},
		{"an empty value", "db-2 up\nid=\n", 0, profile.Vars{"ID": "", "ROLE": "none"}, ""},
		{"exit code", "db-2 up\nid=7\n", 1, nil, profile.MsgTerminated(1)},
		{"not expected", "db-22 up\nid=7\n", 0, nil, profile.MsgNoMatch(`^db-2\s`)},
		{"rejected", "db-2 up\nid=7\nerror", 0, nil, profile.MsgMatch("error")},
		{"nothing to capture", "db-2 up", 0, nil, profile.MsgNotCaptured("ID", "^id=(.*)$")},
		{"a long value", "db-2 up\nid=" + strings.Repeat("x", 257), 0, nil, profile.MsgCapturedValue("ID", profile.MsgValueLong())},
		{"an escape sequence", "db-2 up\nid=\x1b[1m", 0, nil, profile.MsgCapturedValue("ID", profile.MsgValueControl())},
		{"not text", "db-2 up\nid=\xff", 0, nil, profile.MsgCapturedValue("ID", profile.MsgValueNotUTF8())},
	} {
		captured, problem := c.Read(vars, test.code, test.stdout)
		if diff := cmp.Diff(test.captured, captured); diff != "" || problem != test.problem {
			t.Errorf("%s: problem %q, captured (-want +got)\n%s", test.name, problem, diff)
		}
	}
	if _, problem := c.Read(nil, 0, "x"); problem != profile.MsgNoVariable("POD_NAME") {
		t.Error(problem)
	}
}

func set(image string, labels, annotations map[string]string) *appsv1.StatefulSet {
	s := &appsv1.StatefulSet{}
	s.Annotations = annotations
	s.Spec.Template.Labels = labels
	s.Spec.Template.Spec.Containers = []corev1.Container{{Name: "proxy", Image: "docker.io/envoyproxy/envoy:v1"}, {Name: "db", Image: image}}
	return s
}

func TestDetect(t *testing.T) {
	on := func(name string) map[string]string { return map[string]string{profile.Annotation: name} }
	app := func(name string) map[string]string { return map[string]string{"app.kubernetes.io/name": name} }
	twins := append(profile.Builtin(), parse(t, []byte(`{apiVersion: kubectl-sts.dev/v1alpha1, kind: DrainProfile,
metadata: {name: my-etcd}, system: X, match: {images: ['bitnami/etc?'], labels: [app.kubernetes.io/name=rabbitmq]}, refuse: because}`)))
	for _, test := range []struct {
		name      string
		set       *appsv1.StatefulSet
		profiles  []*profile.Profile
		want, why string
		ambiguous string
	}{
		{"by image", set("quay.io/coreos/etcd:v3.6.4", nil, nil), profile.Builtin(), "etcd", profile.MsgMatchedImage("quay.io/coreos/etcd:v3.6.4", "db"), ""},
		{"by digest", set("etcd@sha256:00", nil, nil), profile.Builtin(), "etcd", profile.MsgMatchedImage("etcd@sha256:00", "db"), ""},
		{"a registry with a port", set("registry:5000/etcd", nil, nil), profile.Builtin(), "etcd", profile.MsgMatchedImage("registry:5000/etcd", "db"), ""},
		{"only whole parts", set("quay.io/coreos/etcd-backup:v1", nil, nil), profile.Builtin(), "", "", ""},
		{"by label", set("example.com/db", app("rabbitmq"), nil), profile.Builtin(), "rabbitmq", profile.MsgMatchedLabel("app.kubernetes.io/name=rabbitmq"), ""},
		{"an image wins over a label", set("cassandra:5", app("rabbitmq"), nil), profile.Builtin(), "cassandra", profile.MsgMatchedImage("cassandra:5", "db"), ""},
		{"two by image", set("bitnami/etcd", nil, nil), twins, "", "", "etcd my-etcd"},
		{"two by label", set("example.com/db", app("rabbitmq"), nil), twins, "", "", "rabbitmq my-etcd"},
		{"the annotation wins", set("etcd", nil, on("minio")), profile.Builtin(), "minio", profile.MsgAnnotated("the StatefulSet"), ""},
		{"none by annotation", set("etcd", nil, on("none")), profile.Builtin(), "", profile.MsgAnnotated("the StatefulSet"), ""},
		{"no match", set("postgres:17", nil, nil), profile.Builtin(), "", "", ""},
	} {
		got, err := profile.Detect(test.set, test.profiles)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		name := ""
		if got.Profile != nil {
			name = got.Profile.Metadata.Name
		}
		var ambiguous []string
		for _, p := range got.Ambiguous {
			ambiguous = append(ambiguous, p.Metadata.Name)
		}
		if name != test.want || got.Why != test.why || strings.Join(ambiguous, " ") != test.ambiguous {
			t.Errorf("%s: found %q because %q, ambiguous %v", test.name, name, got.Why, ambiguous)
		}
	}
	template := set("etcd", nil, nil)
	template.Spec.Template.Annotations = on("nosql")
	if _, err := profile.Detect(template, profile.Builtin()); err == nil ||
		err.Error() != profile.MsgAnnotatedNotFound("the pod template", "nosql") {
		t.Error(err)
	}
}

func TestContainer(t *testing.T) {
	etcd, err := profile.Find("etcd")
	if err != nil {
		t.Fatal(err)
	}
	spec := set("quay.io/coreos/etcd:v3", nil, nil).Spec.Template.Spec
	other := set("example.com/db", nil, nil).Spec.Template.Spec
	standard := func(name string) map[string]string {
		return map[string]string{"kubectl.kubernetes.io/default-container": name}
	}
	for _, test := range []struct {
		own         string
		annotations map[string]string
		spec        corev1.PodSpec
		want        string
	}{
		{"side", standard("proxy"), spec, "side"},
		{"", standard("proxy"), spec, "proxy"},
		{"", standard("gone"), spec, "db"},
		{"", nil, spec, "db"},
		{"", nil, other, "proxy"},
	} {
		if got := etcd.Container(&profile.Command{Container: test.own}, test.annotations, &test.spec); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}

// The example in the documentation is a valid profile.
func TestDocumentedExample(t *testing.T) {
	_, rest, found := strings.Cut(string(read(t, "../../docs/profiles.md")), "```yaml\n")
	example, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("docs/profiles.md has no example")
	}
	parse(t, []byte(example))
}

func FuzzParse(f *testing.F) {
	for _, p := range profile.Builtin() {
		source, err := profile.Source(p.Metadata.Name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
	}
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/everything.yaml") {
		f.Add(read(f, file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := profile.Parse(data)
		var mistakes profile.Mistakes
		switch {
		case err == nil && p == nil, err != nil && p != nil:
			t.Fatalf("%+v and %v", p, err)
		case err != nil:
			if !errors.As(err, &mistakes) || len(mistakes) == 0 {
				t.Fatalf("%#v", err)
			}
			return
		}
		// A valid profile can be marshalled, parsed and run: every variable has a value.
		raw, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := profile.Parse(raw)
		if err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatal(diff)
		}
		runs(t, p)
	})
}

// runs goes through a profile as a runner does, where every capture is "1".
func runs(t *testing.T, p *profile.Profile) {
	t.Helper()
	start := profile.Vars{}
	for _, v := range profile.Variables {
		start[v.Name] = "1"
	}
	before := start
	for _, rules := range profile.Sections {
		vars := start
		switch rules.Section {
		case profile.Drain, profile.UntilGone, profile.Cancel, profile.After:
			vars = before
		}
		for _, c := range p.Commands(rules.Section) {
			wanted, err := c.Wanted(vars)
			if err != nil {
				t.Fatal(err)
			}
			if !wanted {
				continue
			}
			if _, err := c.Argv(vars); err != nil {
				t.Fatal(err)
			}
			if _, problem := c.Read(vars, c.ExitCodes[0], "1"); strings.Contains(problem, "has no value") || strings.Contains(problem, "error parsing") {
				t.Fatal(problem)
			}
			captured := profile.Vars{}
			for name := range c.Capture {
				captured[name] = "1"
			}
			vars = vars.With(captured)
		}
		if rules.Section == profile.Precheck {
			before = vars
		}
	}
}

func FuzzArgv(f *testing.F) {
	f.Add("$(POD_NAME) $$(X) $(date) $", "value")
	f.Add("$$$(POD_NAME)$", "$(POD_NAME)")
	f.Fuzz(func(t *testing.T, arg, value string) {
		c := profile.Command{Name: "x", Command: []string{arg}}
		argv, err := c.Argv(profile.Vars{"POD_NAME": value})
		if err != nil {
			return
		}
		// Another value changes only the places of the variable.
		marked, err := c.Argv(profile.Vars{"POD_NAME": "\x00"})
		if err != nil || !strings.Contains(arg, "\x00") && strings.ReplaceAll(marked[0], "\x00", value) != argv[0] {
			t.Fatalf("%q: %q, %q, %v", arg, argv, marked, err)
		}
	})
}
