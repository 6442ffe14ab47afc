package sts_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"testing/quick"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestNamesRoundTrip(t *testing.T) {
	names := []string{"web", "web-1", "a", "data-web", "w-0-0"}
	property := func(pick uint8, n int32) bool {
		set, o := names[int(pick)%len(names)], sts.Ordinal(n&math.MaxInt32)
		pod, ok := sts.ParsePodName(set, sts.PodName(set, o))
		claim, claimOK := sts.ClaimOrdinal(sts.ClaimName("data", set, o))
		return ok && pod == o && claimOK && claim == o
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestParsePodName(t *testing.T) {
	tests := []struct {
		set, pod string
		want     sts.Ordinal
		ok       bool
	}{
		{"web", "web-0", 0, true},
		{"web", "web-10", 10, true},
		{"web", "web-2147483647", math.MaxInt32, true},
		{"web-1", "web-1-0", 0, true},
		{"web", "web-2147483648", 0, false}, // beyond int32
		{"web", "web-01", 0, false},         // not what PodName writes
		{"web", "web-+1", 0, false},
		{"web", "web--1", 0, false},
		{"web", "web-", 0, false},
		{"web", "web", 0, false},
		{"web", "web-1-0", 0, false}, // a pod of set web-1
		{"web", "webs-1", 0, false},
		{"web", "web-1 ", 0, false},
	}
	for _, test := range tests {
		got, ok := sts.ParsePodName(test.set, test.pod)
		if got != test.want || ok != test.ok {
			t.Errorf("ParsePodName(%q, %q) = %d, %t, want %d, %t", test.set, test.pod, got, ok, test.want, test.ok)
		}
	}
}

func TestParseOrdinals(t *testing.T) {
	tests := []struct {
		in     []string
		has    []sts.Ordinal
		hasNot []sts.Ordinal
		bad    string // the part that the error must name
	}{
		{nil, []sts.Ordinal{0, 7, math.MaxInt32}, nil, ""},
		{[]string{"2"}, []sts.Ordinal{2}, []sts.Ordinal{0, 1, 3, 20}, ""},
		{[]string{"2,5-7"}, []sts.Ordinal{2, 5, 6, 7}, []sts.Ordinal{3, 4, 8}, ""},
		{[]string{"2", "5-7"}, []sts.Ordinal{2, 5, 6, 7}, []sts.Ordinal{3, 4, 8}, ""},
		{[]string{" 2 , 4 "}, []sts.Ordinal{2, 4}, []sts.Ordinal{3}, ""},
		{[]string{"3-3"}, []sts.Ordinal{3}, []sts.Ordinal{2, 4}, ""},
		{[]string{"0-2147483647"}, []sts.Ordinal{0, math.MaxInt32}, nil, ""},
		{[]string{"1,x"}, nil, nil, `"x"`},
		{[]string{"7-5"}, nil, nil, `"7-5"`},
		{[]string{"-1"}, nil, nil, `"-1"`},
		{[]string{"1-"}, nil, nil, `"1-"`},
		{[]string{"1-2-3"}, nil, nil, `"1-2-3"`},
		{[]string{"01"}, nil, nil, `"01"`},
		{[]string{"2147483648"}, nil, nil, `"2147483648"`},
		{[]string{""}, nil, nil, `""`},
		{[]string{"1,,2"}, nil, nil, `""`},
	}
	for _, test := range tests {
		got, err := sts.ParseOrdinals(test.in...)
		if test.bad != "" {
			if err == nil || !strings.Contains(err.Error(), " "+test.bad+",") {
				t.Errorf("ParseOrdinals(%q): error %v, want one about %s", test.in, err, test.bad)
			}
			continue
		}
		if err != nil {
			t.Errorf("ParseOrdinals(%q): %v", test.in, err)
		}
		for _, o := range test.has {
			if !got.Has(o) {
				t.Errorf("ParseOrdinals(%q) has not %d", test.in, o)
			}
		}
		for _, o := range test.hasNot {
			if got.Has(o) {
				t.Errorf("ParseOrdinals(%q) has %d", test.in, o)
			}
		}
	}
}

func TestFormatOrdinals(t *testing.T) {
	tests := []struct {
		in   []sts.Ordinal
		want string
	}{
		{nil, "none"},
		{[]sts.Ordinal{}, "none"},
		{[]sts.Ordinal{4}, "4"},
		{[]sts.Ordinal{0, 1, 2, 4}, "0-2, 4"},
		{[]sts.Ordinal{4, 2, 0, 1, 2}, "0-2, 4"},
		{[]sts.Ordinal{1, 3, 5}, "1, 3, 5"},
		{[]sts.Ordinal{9, 10}, "9-10"},
		{[]sts.Ordinal{math.MaxInt32, math.MaxInt32 - 1}, "2147483646-2147483647"},
	}
	for _, test := range tests {
		before := slices.Clone(test.in)
		if got := sts.FormatOrdinals(test.in); got != test.want {
			t.Errorf("FormatOrdinals(%v) = %q, want %q", test.in, got, test.want)
		}
		if !slices.Equal(before, test.in) {
			t.Errorf("FormatOrdinals changed its input %v to %v", before, test.in)
		}
	}
}

// What FormatOrdinals writes, ParseOrdinals reads as the same ordinals.
func TestOrdinalsRoundTrip(t *testing.T) {
	property := func(in []uint8) bool {
		if len(in) == 0 {
			return true
		}
		want := map[sts.Ordinal]bool{}
		var list []sts.Ordinal
		for _, n := range in {
			want[sts.Ordinal(n)] = true
			list = append(list, sts.Ordinal(n))
		}
		got, err := sts.ParseOrdinals(sts.FormatOrdinals(list))
		if err != nil {
			return false
		}
		for o := sts.Ordinal(0); o <= 256; o++ {
			if got.Has(o) != want[o] {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func FuzzParseOrdinals(f *testing.F) {
	for _, seed := range []string{"2", "2,5-7", "", "-", "1-2-3", "0-2147483647", " 4 ", "01", "9,9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := sts.ParseOrdinals(in)
		if err != nil {
			return
		}
		if len(got) == 0 {
			t.Errorf("%q is accepted and is every ordinal", in)
		}
		for _, r := range got {
			if r.First < 0 || r.Last < r.First || !got.Has(r.First) || !got.Has(r.Last) {
				t.Errorf("%q gives the range %v", in, r)
			}
		}
	})
}

func TestPartitionIsAnOffset(t *testing.T) {
	partition := func(p int32) *appsv1.RollingUpdateStatefulSetStrategy {
		return &appsv1.RollingUpdateStatefulSetStrategy{Partition: &p}
	}
	tests := []struct {
		name       string
		start      int32
		replicas   *int32
		rolling    *appsv1.RollingUpdateStatefulSetStrategy
		partition  int32
		updateFrom sts.Ordinal
		end        sts.Ordinal
	}{
		{"all unset", 0, nil, nil, 0, 0, 1},
		{"no partition", 0, new(int32(5)), &appsv1.RollingUpdateStatefulSetStrategy{}, 0, 0, 5},
		{"in the middle", 0, new(int32(5)), partition(3), 3, 3, 5},
		{"start 3", 3, new(int32(5)), partition(3), 3, 6, 8},
		{"start 3, partition 0", 3, new(int32(5)), partition(0), 0, 3, 8},
		{"beyond the end", 3, new(int32(2)), partition(9), 9, 12, 5},
		{"parked", 3, new(int32(0)), partition(1), 1, 4, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := &appsv1.StatefulSet{}
			set.Spec.Replicas = test.replicas
			set.Spec.UpdateStrategy.RollingUpdate = test.rolling
			if test.start != 0 {
				set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: test.start}
			}
			if got := sts.Partition(set); got != test.partition {
				t.Errorf("Partition = %d, want %d", got, test.partition)
			}
			if got := sts.UpdateFrom(set); got != test.updateFrom {
				t.Errorf("UpdateFrom = %d, want %d", got, test.updateFrom)
			}
			if got := sts.PartitionAt(set, test.updateFrom); got != test.partition {
				t.Errorf("PartitionAt(UpdateFrom) = %d, want %d", got, test.partition)
			}
			if got := sts.End(set); got != test.end {
				t.Errorf("End = %d, want %d", got, test.end)
			}
			for o := sts.Ordinal(0); o < 15; o++ {
				if got, want := sts.Wants(set, o), int32(o) >= test.start && o < test.end; got != want {
					t.Errorf("Wants(%d) = %t", o, got)
				}
			}
		})
	}
	set := &appsv1.StatefulSet{}
	set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3}
	if got := sts.PartitionAt(set, 1); got != 0 {
		t.Errorf("PartitionAt below the start = %d, want 0: a partition is never negative", got)
	}
}

func TestIsParallel(t *testing.T) {
	for policy, parallel := range map[appsv1.PodManagementPolicyType]bool{"": false, "OrderedReady": false, "Parallel": true} {
		set := &appsv1.StatefulSet{}
		set.Spec.PodManagementPolicy = policy
		if got := sts.IsParallel(set); got != parallel {
			t.Errorf("IsParallel with %q = %t", policy, got)
		}
	}
}

func TestOrdinalsBeyondTheSet(t *testing.T) {
	set := &appsv1.StatefulSet{}
	set.Spec.Replicas = new(int32(4))
	set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 3} // 3 to 6
	for text, want := range map[string]sts.Ordinal{
		"3-6": -1, "4": -1, "2": 2, "2-9": 2, "5-9": 7, "9": 9, "3,8-9": 8, "0-2147483647": 0, "3-2147483647": 7,
	} {
		ordinals, err := sts.ParseOrdinals(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, beyond := ordinals.Beyond(set); beyond != (want >= 0) || beyond && got != want {
			t.Errorf("%s: %d, %t; want %d", text, got, beyond, want)
		}
	}
	if _, beyond := (sts.Ordinals{}).Beyond(set); beyond {
		t.Error("nothing is beyond the set")
	}
}

func TestSayOrdinals(t *testing.T) {
	for want, ordinals := range map[string][]sts.Ordinal{
		"no ordinal": nil, "ordinal 2": {2}, "ordinals 0-1, 3": {0, 1, 3},
	} {
		if got := sts.SayOrdinals(ordinals); got != want {
			t.Errorf("%v: %q, want %q", ordinals, got, want)
		}
	}
}

// TestSayChanges: a value that is a document, like a record, is named and not shown.
func TestSayChanges(t *testing.T) {
	got := sts.SayChanges([]sts.Change{
		{Path: "metadata.annotations.kubectl-sts.dev/canary", From: strings.Repeat("x", 1000), To: "y"},
		{Path: "spec.template.spec.containers[app].image", From: "a", To: "b"},
	})
	if want := "template.spec.containers[app].image: a → b, " + sts.MsgFieldTooLong("metadata.annotations.kubectl-sts.dev/canary"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
