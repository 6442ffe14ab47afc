package record_test

import (
	"testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func TestResumeDrain(t *testing.T) {
	const web = "kubectl sts drain-scale web --replicas "
	for _, test := range []struct {
		name   string
		record record.Drain
		want   string
	}{
		{"without hooks", record.Drain{To: 3}, web + "3 --profile none -n test"},
		{"with a built-in profile", record.Drain{To: 3, Profile: "etcd"}, web + "3 --profile etcd -n test"},
		{"with a file", record.Drain{To: 3, Profile: "etcd", ProfileFile: "profiles/etcd.yaml"}, web + "3 --profile profiles/etcd.yaml -n test"},
		{"with an inline command", record.Drain{To: 3, Profile: "--drain-cmd"}, record.HintDrainInline(sts.Kubectl("test", "sts drain-scale", "web", "--replicas", "3"), "--drain-cmd").String()},
		{"parking", record.Drain{To: 0}, web + "0 --park -n test"},
		{"parking with an inline command", record.Drain{To: 0, Profile: "--drain-exec"}, record.HintDrainInline(sts.Kubectl("test", "sts drain-scale", "web", "--replicas", "0", "--park"), "--drain-exec").String()},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.record.Again(ststest.Web(5).Sets[0]).String(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// The recorded size of a parked set may be a number that would exhaust the memory if it were processed
// ordinal by ordinal.
func TestParkedSize(t *testing.T) {
	set := ststest.Web(0).Sets[0]
	for value, want := range map[string]bool{"3": true, "200000": true, "200001": false, "2147483647": false, "0": false, "": false} {
		set.Annotations = map[string]string{record.ParkedAnnotation: value}
		if _, parked := record.ParkedSize(set); parked != want {
			t.Errorf("parked at %q: %t", value, parked)
		}
	}
}
