package operate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestParseSteps(t *testing.T) {
	tests := []struct {
		in   string
		want []intstr.IntOrString // nil: not taken
	}{
		{"1", []intstr.IntOrString{intstr.FromInt32(1)}},
		{"1,3,50%,100%", []intstr.IntOrString{intstr.FromInt32(1), intstr.FromInt32(3), intstr.FromString("50%"), intstr.FromString("100%")}},
		{" 1, 20% ", []intstr.IntOrString{intstr.FromInt32(1), intstr.FromString("20%")}},
		{"50%,1", []intstr.IntOrString{intstr.FromString("50%"), intstr.FromInt32(1)}}, // more in a set of one
		{"", nil}, {",", nil}, {"1,", nil}, {"0", nil}, {"0%", nil}, {"101%", nil}, {"-1", nil}, {"1;2", nil}, {"all", nil}, {"1.5", nil},
		{"3,3", nil}, {"3,1", nil}, {"50%,20%", nil}, {"1,50%,1", nil}, {"20%,7,10%", nil}, {"100%,7", nil}, {"99999999999", nil},
	}
	for _, test := range tests {
		got, err := operate.ParseSteps(test.in)
		if diff := cmp.Diff(test.want, got); diff != "" || (err == nil) != (test.want != nil) {
			t.Errorf("ParseSteps(%q): %v\n%s", test.in, err, diff)
		}
	}
}

func TestParseCount(t *testing.T) {
	tests := []struct {
		in       string
		of       int32
		want     int32
		accepted bool
	}{
		{"1", 5, 1, true}, {"7", 5, 7, true}, {"20%", 5, 1, true}, {"21%", 5, 2, true}, {"1%", 1, 1, true}, {"100%", 5, 5, true},
		{"50%", 0, 0, true}, {"34%", 2147483647, 730144440, true},
		{"0", 0, 0, false}, {"0%", 0, 0, false}, {"101%", 0, 0, false}, {"-1", 0, 0, false}, {"", 0, 0, false}, {"%", 0, 0, false},
		{"1.5", 0, 0, false}, {"two", 0, 0, false}, {"2147483648", 0, 0, false}, {"1 ", 0, 0, false},
	}
	for _, test := range tests {
		c, err := operate.ParseCount(test.in)
		if (err == nil) != test.accepted || err == nil && operate.CountOf(c, test.of) != test.want {
			t.Errorf("ParseCount(%q) of %d: %d, %v; want %d", test.in, test.of, operate.CountOf(c, test.of), err, test.want)
		}
	}
}

// What a patch or a manifest brings is checked, but not what the template had before.
func TestCheckImages(t *testing.T) {
	for _, test := range []struct {
		change sts.Change
		ok     bool
	}{
		{sts.Change{Path: "spec.containers[app].image", From: "app:v1", To: "app:v2"}, true},
		{sts.Change{Path: "spec.containers[app].image", From: "Bad:1"}, true},
		{sts.Change{Path: "spec.containers[app].image", To: "Bad:1"}, false},
		{sts.Change{Path: "spec.initContainers[setup].image", To: "Bad Image"}, false},
		{sts.Change{Path: "spec.containers[app].env[image].value", To: "Bad Image"}, true},
		{sts.Change{Path: "metadata.annotations[spec.containers[app].image]", To: "Bad Image"}, true},
	} {
		if err := operate.CheckImages([]sts.Change{test.change}); (err == nil) != test.ok {
			t.Errorf("%v: %v", test.change, err)
		}
	}
}

func FuzzParseCount(f *testing.F) {
	for _, seed := range []string{"1", "20%", "100%", "0", "-3", "%", "99999999999"} {
		f.Add(seed, int32(5))
	}
	f.Fuzz(func(t *testing.T, in string, replicas int32) {
		c, err := operate.ParseCount(in)
		if err != nil || replicas < 1 {
			return
		}
		if n := operate.CountOf(c, replicas); n < 1 || c.Type == intstr.String && n > replicas {
			t.Errorf("%q of %d is %d", in, replicas, n)
		}
	})
}

func TestParseImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	tests := []struct {
		in   string
		want operate.ImageRequest
		ok   bool
	}{
		{"postgres:17", operate.ImageRequest{Image: "postgres:17"}, true},
		{"app=registry.example:5000/app@" + digest, operate.ImageRequest{Container: "app", Image: "registry.example:5000/app@" + digest}, true},
		{"app:v2@" + digest, operate.ImageRequest{Image: "app:v2@" + digest}, true},
		{"", operate.ImageRequest{}, false}, {"app=", operate.ImageRequest{}, false}, {"=x", operate.ImageRequest{}, false},
		{"app= x", operate.ImageRequest{}, false}, {"x\n", operate.ImageRequest{}, false},
		{"App:1", operate.ImageRequest{}, false}, {"app:2:3", operate.ImageRequest{}, false}, {"https://registry.example/app:2", operate.ImageRequest{}, false},
		{"app=x=y", operate.ImageRequest{}, false}, {"app@sha256:abc", operate.ImageRequest{}, false}, {"app:", operate.ImageRequest{}, false},
	}
	for _, test := range tests {
		if got, err := operate.ParseImage(test.in); got != test.want || (err == nil) != test.ok {
			t.Errorf("ParseImage(%q) = %+v, %v", test.in, got, err)
		}
	}
}

func FuzzParseImage(f *testing.F) {
	for _, seed := range []string{"postgres:17", "app=x", "=", "a=", "a=b=c", "\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		r, err := operate.ParseImage(in)
		if err != nil {
			return
		}
		back := r.Image
		if r.Container != "" {
			back = r.Container + "=" + r.Image
		}
		if r.Image == "" || back != in {
			t.Errorf("%q is read as %+v", in, r)
		}
	})
}
