package kube

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// TestAdmission checks which requests follow when admission changes a write.
func TestAdmission(t *testing.T) {
	const set = "PATCH statefulsets"
	label := func(s *appsv1.StatefulSet) { s.Spec.Template.Labels["team"] = "payments" }
	size := func(s *appsv1.StatefulSet) { s.Spec.Replicas = new(int32(9)) }
	record := func(s *appsv1.StatefulSet) { s.Annotations["kubectl-sts.dev/parked"] = "3" }
	noStatus := func(q request) *metav1.Status {
		if q.subresource != "status" {
			return nil
		}
		return &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden}
	}
	cases := setCases()
	template, begin, scale := cases[0], cases[1], cases[6]
	accepting := template
	accepting.intent = start(true)
	for name, test := range map[string]struct {
		c      setCase
		admit  func(*appsv1.StatefulSet)
		refuse func(request) *metav1.Status
		want   []string
		reason string // of the refusal
		stored bool   // the decision has to record another template first
	}{
		"nothing is changed":                {c: begin, want: []string{set + " dry", set}},
		"metadata of others":                {c: begin, admit: func(s *appsv1.StatefulSet) { s.Labels = map[string]string{"a": "b"} }, want: []string{set + " dry", set}},
		"a record":                          {c: begin, admit: label, want: []string{set + " dry", set + "/status dry", set + "/status"}},
		"a record, without the permission":  {c: begin, admit: label, refuse: noStatus, want: []string{set + " dry", set + "/status dry", "POST selfsubjectaccessreviews"}, reason: operate.ReasonAdmission},
		"a record of ours is changed":       {c: begin, admit: record, want: []string{set + " dry", set + "/status dry"}, reason: operate.ReasonAdmission},
		"a template":                        {c: template, admit: label, want: []string{set + " dry"}, reason: operate.ReasonAdmission},
		"a template, accepted":              {c: accepting, admit: label, want: []string{set + " dry"}, stored: true},
		"a size, although it is accepted":   {c: accepting, admit: size, want: []string{set + " dry"}, reason: operate.ReasonAdmission},
		"a change of size asks for nothing": {c: scale, admit: label, want: []string{set + "/scale dry", set + "/scale"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, client := recordAdmitted(t, test.c, test.admit, test.refuse)
			view, err := client.Open(t.Context(), Query{Namespace: ststest.Namespace, Names: []string{"web"}}, Needs, Tell{Warn: func(string) {}, Say: func(string) {}})
			if err != nil {
				t.Fatal(err)
			}
			r.forget()
			_, err = view.Apply(t.Context(), test.c.from.Snapshots()[0], test.c.action(t))
			view.Close()
			var answer *operate.AnswerError
			var stored *operate.StoredError
			if errors.As(err, &answer) != (test.reason != "") || answer != nil && answer.Reason != test.reason ||
				errors.As(err, &stored) != test.stored || err != nil && answer == nil && stored == nil {
				t.Errorf("%v", err)
			}
			var got []string
			writes, _ := r.writes()
			for _, q := range slices.DeleteFunc(writes, func(q request) bool { return q.resource == "events" }) {
				line := q.method + " " + q.resource
				if q.subresource != "" {
					line += "/" + q.subresource
				}
				if strings.Contains(q.line, "dryRun=All") {
					line += " dry"
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func recordAdmitted(t *testing.T, c setCase, admit func(*appsv1.StatefulSet), refuse func(request) *metav1.Status) (*recorder, *Client) {
	t.Helper()
	r, client := recordRequests(t, c.from)
	r.admit, r.refuse = admit, refuse
	return r, client
}
