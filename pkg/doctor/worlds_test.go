package doctor_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Definitions of one set in several directories are examined with what is beside each, and what is found about
// an object that all share must be so in all.
func TestWorlds(t *testing.T) {
	const set = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  updateStrategy: {type: STRATEGY}
  selector: {matchLabels: {app: LABEL}}
  template:
    metadata: {labels: {app: LABEL}}
    spec: {containers: [{name: a, image: "b:1", args: [--seed=db-0.db:5432]}]}
---
`
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {clusterIP: None, selector: {app: LABEL}}\n"
	with := func(text, label, strategy string) string {
		return strings.NewReplacer("LABEL", label, "STRATEGY", strategy).Replace(text)
	}
	codes := []sts.FindingCode{"NamesNotServed", "SelectorMismatch", "ServiceMissing", "UpdatesOnDelete"}
	for _, test := range []struct {
		name  string
		files [][2]string
		want  []string
		items []string
	}{
		{
			"each is right", [][2]string{{"dev/db.yaml", with(service+"---\n"+set, "dev", "RollingUpdate")}, {"prod/db.yaml", with(service+"---\n"+set, "prod", "RollingUpdate")}},
			nil, []string{"dev/db.yaml 0", "prod/db.yaml 0"},
		},
		{
			"one is wrong", [][2]string{{"dev/db.yaml", with(service, "web", "") + "---\n" + with(set, "dev", "RollingUpdate")}, {"prod/db.yaml", with(service+"---\n"+set, "prod", "RollingUpdate")}},
			[]string{"NamesNotServed dev/db.yaml"}, []string{"dev/db.yaml 1", "prod/db.yaml 0"},
		},
		{
			"both are wrong", [][2]string{{"dev/db.yaml", with(service+"---\n"+set, "dev", "OnDelete")}, {"prod/db.yaml", with(service+"---\n"+set, "prod", "OnDelete")}},
			[]string{"UpdatesOnDelete dev/db.yaml", "UpdatesOnDelete prod/db.yaml"}, []string{"dev/db.yaml 1", "prod/db.yaml 1"},
		},
		{
			"a Service for one of them", [][2]string{{"base/service.yaml", with(service, "dev", "")}, {"dev/db.yaml", with(set, "dev", "RollingUpdate")}, {"prod/db.yaml", with(set, "prod", "RollingUpdate")}},
			nil, []string{"dev/db.yaml 0", "prod/db.yaml 0"},
		},
		{
			"a Service for none of them", [][2]string{{"base/service.yaml", with(service, "web", "")}, {"dev/db.yaml", with(set, "dev", "RollingUpdate")}, {"prod/db.yaml", with(set, "prod", "RollingUpdate")}},
			[]string{"NamesNotServed base/service.yaml"}, []string{"dev/db.yaml 1", "prod/db.yaml 0"},
		},
		{
			"one set, two Services", [][2]string{{"base/db.yaml", with(set, "db", "OnDelete")}, {"dev/service.yaml", with(service, "db", "")}, {"prod/service.yaml", with(service, "web", "")}},
			[]string{"NamesNotServed prod/service.yaml", "UpdatesOnDelete base/db.yaml"}, []string{"base/db.yaml 2"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var objects []manifest.Object
			for _, file := range test.files {
				parsed, err := manifest.Parse([]byte(file[1]))
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range parsed {
					o.File = file[0]
					objects = append(objects, o)
				}
			}
			var rest []sts.FindingCode
			for _, c := range doctor.Checks() {
				known := false
				for _, code := range codes {
					known = known || code == c.Code
				}
				if !known {
					rest = append(rest, c.Code)
				}
			}
			r := examineManifests(t, objects, doctor.Placement{Namespace: "default"}, nil, rest)
			var got, items []string
			for _, f := range r.Findings {
				if !f.Ignored {
					got = append(got, string(f.Code)+" "+f.File)
				}
			}
			for _, item := range r.Items {
				items = append(items, item.File+" "+string(rune('0'+item.Errors+item.Warnings+item.Infos)))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.items, items); diff != "" {
				t.Errorf("sets (-want +got):\n%s", diff)
			}
			if want := len(test.want); r.Summary.Errors+r.Summary.Warnings+r.Summary.Infos != want {
				t.Errorf("summary %+v, want %d", r.Summary, want)
			}
		})
	}
}
