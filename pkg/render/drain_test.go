package render_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gotest.tools/v3/golden"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

func took(d ...time.Duration) map[record.MemberPhase]metav1.Duration {
	phases := []record.MemberPhase{record.Draining, record.Removing, record.Finishing}
	out := map[record.MemberPhase]metav1.Duration{}
	for i := range d {
		out[phases[i]] = metav1.Duration{Duration: d[i]}
	}
	return out
}

func TestDrainEnd(t *testing.T) {
	var b strings.Builder
	render.DrainEnd(&b, &report.DrainStatus{Done: []report.MovedStatus{
		{Ordinal: 12, Pod: "web-12", Took: took(3*time.Hour+7*time.Minute, 1300*time.Millisecond, 12*time.Millisecond)},
		{Ordinal: 11, Pod: "web-11", Took: map[record.MemberPhase]metav1.Duration{record.Removing: {Duration: 31 * time.Second}}},
		{Ordinal: 10, Pod: "web-10"},
	}}, render.Style{Width: 80})
	golden.Assert(t, b.String(), "drain-end.txt")
}

// A scale-down with captured values, and a pod with our finalizer.
func TestScreenOfDrainScale(t *testing.T) {
	inv := ststest.Web(9)
	inv.Pods[8].Finalizers = []string{record.LeavingFinalizer}
	inv.Sets[0].Annotations = map[string]string{record.DrainAnnotation: sts.EncodeAnnotation(record.Drain{
		From: 12, To: 5, Profile: "etcd", StartedBy: "alice@laptop", StartedAt: ststest.Now.Add(-time.Hour),
		Member: &record.Member{Ordinal: 8, UID: inv.Pods[8].UID, Phase: record.Removing, Since: ststest.Now.Add(-4 * time.Second),
			Values: map[string]string{"MEMBER_ID": "8e9e05c52164694d", "LEADER": "web-0"}, Took: took(3 * time.Minute)},
		Done: []record.Moved{{Ordinal: 11}, {Ordinal: 10}, {Ordinal: 9, Took: took(2*time.Minute, 8*time.Second)}},
	})}
	report := report.NewStatusReport(inv, nil)
	var b strings.Builder
	if err := render.StatusScreen(&b, &report.Items[0], inv.TakenAt, render.Style{Width: 80}); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, b.String(), "drain-screen.txt")
}

// The plan that is shown before the confirmation.
func TestPlanOfDrainScale(t *testing.T) {
	etcd, err := profile.Find("etcd")
	if err != nil {
		t.Fatal(err)
	}
	byHand := &profile.Profile{Metadata: profile.Metadata{Name: "--drain-cmd"}, Drain: []profile.Command{
		{Name: "drain-cmd", On: profile.Here, Command: []string{"sh", "-c", "./drain web-4"}, ExitCodes: []int{0}}}}
	for name, test := range map[string]struct {
		size, to int32
		profile  *profile.Profile
		park     bool
	}{
		"down": {5, 3, nil, false}, "down-etcd": {5, 3, etcd, false}, "down-cmd": {5, 3, byHand, false}, "park": {3, 0, nil, true},
		"up": {3, 5, nil, false}, "up-etcd": {3, 5, etcd, false}, "long": {40, 3, etcd, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := operate.DrainOptions{Lock: operate.Lock{Owner: record.Owner{Name: "alice@laptop", ID: "1"}}, Replicas: test.to, Profile: test.profile, Park: test.park, Domain: "cluster.local"}
			s := ststest.Web(test.size).Snapshots()[0]
			var b strings.Builder
			render.Plan(&b, operate.Preview(operate.NewDrainScale(o, s), s), render.Style{Width: 80})
			for line := range strings.Lines(b.String()) {
				if utf8.RuneCountInString(line) > 81 {
					t.Errorf("wider than 80 columns: %s", line)
				}
			}
			golden.Assert(t, b.String(), "plan-drain-"+name+".txt")
		})
	}
}
