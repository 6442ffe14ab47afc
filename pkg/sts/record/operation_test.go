package record_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func annotated(key, value string) *appsv1.StatefulSet {
	set := &appsv1.StatefulSet{}
	set.Name = "web"
	set.Annotations = map[string]string{key: value}
	return set
}

func TestAnnotationsRoundTrip(t *testing.T) {
	goal := sts.Ordinal(0) // not the same as none
	for _, want := range []record.Canary{
		{StableRevision: "web-0", StableTemplate: json.RawMessage(`{}`)},
		{StableRevision: "web-1", StableTemplate: json.RawMessage(`{"spec":{"containers":null,"new":{"x":1}}}`), PartitionBefore: 5, Partition: 3,
			Generation: 1 << 40, TemplateDigest: "abc", Goal: &goal, Aborting: true, Replicas: new(int32(0)), StartedBy: "Zoë <z@example.org>", StartedAt: ststest.Now},
	} {
		got, err := record.ReadCanary(annotated(record.CanaryAnnotation, sts.EncodeAnnotation(want)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("canary (-want +got):\n%s", diff)
		}
	}
	if c, err := record.ReadCanary(annotated(record.CanaryAnnotation, "{}")); err == nil {
		t.Errorf("a record without a stable revision is taken for %+v", c)
	}
	want := record.Owner{Name: "alice@laptop", ID: "1", Command: "canary start", Since: ststest.Now}
	got, err := record.ReadOwner(annotated(record.OwnerAnnotation, sts.EncodeAnnotation(want)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("owner (-want +got):\n%s", diff)
	}
}

func TestRestart(t *testing.T) {
	want := record.Restart{Pods: map[sts.Ordinal]types.UID{0: "web-0-uid", 2: "then", 3: "then", 7: "then"},
		Command: "restart --ordinal=0,2-3,7", StartedBy: "alice@laptop", StartedAt: ststest.Now}
	got, err := record.ReadRestart(annotated(record.RestartAnnotation, sts.EncodeAnnotation(want)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	inv := ststest.Web(5)
	ststest.NotReady(inv.Pods[3], ststest.Now)
	s := inv.Snapshots()[0]
	// 0 still has the same pod, 3 another one that is not ready; 7 is no longer an ordinal of the set.
	done, left := got.Split(s)
	if diff := cmp.Diff([][]sts.Ordinal{{2}, {0, 3}}, [][]sts.Ordinal{done, left}); diff != "" {
		t.Errorf("done and left (-want +got):\n%s", diff)
	}
	for command, want := range map[string]string{
		"restart":                   "kubectl sts restart web -n test",
		"restart --ordinal=0,2-3,7": "kubectl sts restart web --ordinal=0,2-3,7 -n test",
	} {
		if got := (&record.Restart{Command: command}).Again(s.Set).String(); got != want {
			t.Errorf("%q is resumed with %q, want %q", command, got, want)
		}
	}
}

// The command in a record is printed in hints, so it must be one that restart has written.
func TestCommandsOfRestarts(t *testing.T) {
	for command, want := range map[string]bool{
		"":                     true,
		"restart":              true,
		"restart --ordinal=0":  true,
		"restart-all":          false,
		"status --watch":       false,
		"restart; rm -rf /":    false,
		"restart 'it is'":      true,
		"restart 'a\u009b2K'":  false,
		`restart $'a\nb\'c'`:   true,
		"restart $'a\u009b2K'": false,
		"restart $'\\\u009b'":  false,
	} {
		r := record.Restart{Command: command, StartedAt: ststest.Now}
		if _, err := record.ReadRestart(annotated(record.RestartAnnotation, sts.EncodeAnnotation(r))); (err == nil) != want {
			t.Errorf("%q: %v", command, err)
		}
	}
}

func TestAnnotationsAbsentOrGarbage(t *testing.T) {
	if c, err := record.ReadCanary(&appsv1.StatefulSet{}); c != nil || err != nil {
		t.Errorf("no annotation: %v, %v", c, err)
	}
	if o, err := record.ReadOwner(annotated("other", "{}")); o != nil || err != nil {
		t.Errorf("another annotation: %v, %v", o, err)
	}
	for garbage, problem := range map[string]string{
		"":                          "unexpected end of JSON input",
		"x":                         "invalid character 'x' looking for beginning of value",
		"[]":                        record.MsgUnexpectedJSON("array", ""),
		`{"partition":"three"}`:     record.MsgUnexpectedJSON("string", "partition"),
		`{"auto":{"soak":true}}`:    record.MsgUnexpectedJSON("bool", "auto.soak"),
		`{"generation":1.5}`:        record.MsgUnexpectedJSON("number 1.5", "generation"),
		`{"startedAt":"yesterday"}`: `parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`,
	} {
		c, err := record.ReadCanary(annotated(record.CanaryAnnotation, garbage))
		if c != nil || err == nil || err.Error() != record.MsgInvalidRecord("web", record.CanaryAnnotation, problem) {
			t.Errorf("%q: %v, %v", garbage, c, err)
		}
	}
}

func FuzzReadAnnotations(f *testing.F) {
	f.Add(sts.EncodeAnnotation(record.Canary{StableTemplate: json.RawMessage(`{"spec":{}}`)}))
	f.Add(sts.EncodeAnnotation(record.Owner{Name: "a", Since: time.Unix(0, 0).UTC()}))
	f.Add(`{"goal":-1}`)
	f.Add("null")
	f.Fuzz(func(t *testing.T, value string) {
		c, err := record.ReadCanary(annotated(record.CanaryAnnotation, value))
		if (c == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", value, c, err)
		}
		if c == nil {
			return
		}
		// A record that was read and written again reads the same.
		once := sts.EncodeAnnotation(c)
		again, err := record.ReadCanary(annotated(record.CanaryAnnotation, once))
		if err != nil || sts.EncodeAnnotation(again) != once {
			t.Errorf("%q is written as %s and read as %v, %v", value, once, again, err)
		}
	})
}

func TestPartitionAfter(t *testing.T) {
	for _, test := range []struct {
		name     string
		before   int32
		adopted  bool
		replicas *int32 // when the canary began
		want     int32
	}{
		{"ours, without a partition", 0, false, new(int32(3)), 0},
		{"ours, with some ordinals below the partition", 2, false, new(int32(3)), 2},
		{"ours, on a frozen set", 999, false, new(int32(3)), 999},
		{"adopted, without a partition", 0, true, new(int32(3)), 0},
		{"adopted, a canary made by hand", 2, true, new(int32(3)), 0},
		{"adopted, the highest ordinal is below the partition, too", 3, true, new(int32(3)), 3},
		{"adopted, frozen for any size", 999, true, new(int32(3)), 999},
		{"adopted, frozen before it was scaled up to 3", 2, true, new(int32(2)), 2},
		{"adopted, made by hand before it was scaled down to 3", 4, true, new(int32(5)), 0},
		{"adopted, frozen, by an older record", 3, true, nil, 3},
		{"adopted, made by hand, by an older record", 2, true, nil, 0},
	} {
		set := ststest.Web(3).Sets[0]
		c := record.Canary{PartitionBefore: test.before, Adopted: test.adopted, Replicas: test.replicas}
		if got := c.PartitionAfter(set); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestTemplateDigest(t *testing.T) {
	a, same, other := ststest.Template("web:1"), ststest.Template("web:1"), ststest.Template("web:2")
	if record.TemplateDigest(&a) != record.TemplateDigest(&same) {
		t.Error("one template has two digests")
	}
	if record.TemplateDigest(&a) == record.TemplateDigest(&other) {
		t.Error("two templates have one digest")
	}
}
