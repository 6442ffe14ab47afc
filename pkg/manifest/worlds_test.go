package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func read(o *Object) bool { return o.Kind != "Unread" }

// Objects that are defined more than once are in different worlds, with what is in the same directory or file.
func TestWorlds(t *testing.T) {
	for _, test := range []struct {
		name    string
		objects string   // FILE:NAME
		want    []string // with * the nearest definition of another world, in brackets what is defined once there
	}{
		{"nothing", "", []string{""}},
		{"nothing twice", "a.yaml:set a.yaml:svc b.yaml:web", []string{"a.yaml:set a.yaml:svc b.yaml:web"}},
		{
			"two overlays", "base/role.yaml:role dev/db.yaml:set dev/db.yaml:svc prod/db.yaml:set prod/db.yaml:svc",
			[]string{"base/role.yaml:role dev/db.yaml:set dev/db.yaml:svc", "base/role.yaml:role prod/db.yaml:set prod/db.yaml:svc"},
		},
		{
			"two files of a directory", "dev.yaml:set dev.yaml:svc prod.yaml:set prod.yaml:svc",
			[]string{"dev.yaml:set dev.yaml:svc", "prod.yaml:set prod.yaml:svc"},
		},
		{"twice in a file", "a.yaml:set a.yaml:svc a.yaml:set", []string{"a.yaml:set#1 a.yaml:svc", "a.yaml:svc a.yaml:set#2"}},
		{
			"an overlay without a Service of its own", "dev/db.yaml:set prod/db.yaml:set prod/db.yaml:svc stage/x.yaml:svc",
			[]string{"dev/db.yaml:set *prod/db.yaml:svc", "prod/db.yaml:set prod/db.yaml:svc", "*dev/db.yaml:set stage/x.yaml:svc"},
		},
		{
			"a directory with two worlds", "dev/a.yaml:set dev/b.yaml:set dev/c.yaml:svc prod/c.yaml:svc",
			[]string{"dev/a.yaml:set dev/c.yaml:svc", "dev/b.yaml:set dev/c.yaml:svc", "*dev/a.yaml:set prod/c.yaml:svc"},
		},
		{
			"a file for each object and world", "set-dev.yaml:set set-prod.yaml:set svc-dev.yaml:svc svc-prod.yaml:svc",
			[]string{"set-dev.yaml:set *svc-dev.yaml:svc", "set-prod.yaml:set *svc-prod.yaml:svc", "*set-dev.yaml:set svc-dev.yaml:svc", "*set-prod.yaml:set svc-prod.yaml:svc"},
		},
		{
			"two applications, each with two overlays", "db/dev/a.yaml:db db/prod/a.yaml:db web/dev/a.yaml:web web/prod/a.yaml:web",
			[]string{"db/dev/a.yaml:db web/dev/a.yaml:web", "db/prod/a.yaml:db web/prod/a.yaml:web"},
		},
		{
			"directories of one name that define the same", "a/x/f.yaml:set a/x/f.yaml:svc b/x/f.yaml:set",
			[]string{"a/x/f.yaml:set a/x/f.yaml:svc", "(a/x/f.yaml:svc) b/x/f.yaml:set"},
		},
		{
			"defined once, beside a definition", "base/set.yaml:set base/svc.yaml:svc prod/set.yaml:set prod/job.yaml:unread-job",
			[]string{"base/set.yaml:set base/svc.yaml:svc", "(base/svc.yaml:svc) prod/set.yaml:set prod/job.yaml:unread-job"},
		},
		{
			"of a kind that is not read", "a/set.yaml:a a/secret.yaml:unread b/set.yaml:b b/secret.yaml:unread",
			[]string{"a/set.yaml:a a/secret.yaml:unread b/set.yaml:b b/secret.yaml:unread"},
		},
		{
			"paths of Windows", `m\dev\db.yaml:set m\dev\svc.yaml:svc m\prod\db.yaml:set m\prod\svc.yaml:svc`,
			[]string{`m\dev\db.yaml:set m\dev\svc.yaml:svc`, `m\prod\db.yaml:set m\prod\svc.yaml:svc`},
		},
		{"two namespaces", "dev/db.yaml:set prod/db.yaml:set@prod", []string{"dev/db.yaml:set prod/db.yaml:set"}},
		{"one names the current namespace", "dev/db.yaml:set prod/db.yaml:set@current", []string{"dev/db.yaml:set", "prod/db.yaml:set"}},
		{"without a name", "a.yaml: a.yaml:", []string{"a.yaml: a.yaml:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var objects []Object
			times := map[string]int{}
			for _, o := range strings.Fields(test.objects) {
				file, name, _ := strings.Cut(o, ":")
				object := Object{APIVersion: "v1", Kind: "Any", File: file}
				if strings.HasPrefix(name, "unread") {
					object.Kind = "Unread"
				}
				object.Metadata.Name, object.Metadata.Namespace, _ = strings.Cut(name, "@")
				objects = append(objects, object)
				times[o]++
			}
			var got []string
			worlds, err := Worlds(objects, "current", read)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range worlds {
				var names []string
				for _, m := range w {
					o := objects[m.Index]
					name := o.File + ":" + o.Metadata.Name
					if times[name] > 1 && o.Metadata.Name != "" {
						name += fmt.Sprintf("#%d", map[int]int{0: 1, 2: 2}[m.Index])
					}
					switch {
					case m.Nearest:
						name = "*" + name
					case !m.Own:
						name = "(" + name + ")"
					}
					names = append(names, name)
				}
				got = append(got, strings.Join(names, " "))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("worlds (-want +got):\n%s", diff)
			}
		})
	}
}

// More definitions than any project has overlays are refused: each would be examined with all other objects.
func TestTooManyWorlds(t *testing.T) {
	var objects []Object
	for i := range 2*maxWorlds + 1 {
		for _, name := range []string{"set", fmt.Sprint("set", i)} {
			object := Object{APIVersion: "v1", Kind: "Any", File: fmt.Sprint(i, ".yaml")}
			object.Metadata.Name = name
			objects = append(objects, object)
		}
	}
	if _, err := Worlds(objects[:2*maxWorlds], "current", read); err != nil {
		t.Errorf("%d worlds: %v", maxWorlds, err)
	}
	want := msgTooManyWorlds("Any", "set", 2*maxWorlds+1, maxWorlds)
	if _, err := Worlds(objects, "current", read); err == nil || err.Error() != want {
		t.Errorf("too many worlds: got %v, want %q", err, want)
	}
}
