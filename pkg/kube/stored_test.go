package kube

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// mutators are webhooks that are registered for writes to pods, claims and volumes.
func mutators() []runtime.Object {
	of := func(name, resource string, operation admissionv1.OperationType) runtime.Object {
		return &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admissionv1.MutatingWebhook{{
			Name: name + ".example.com", NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: ststest.Namespace}},
			Rules: []admissionv1.RuleWithOperations{{Operations: []admissionv1.OperationType{operation},
				Rule: admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{resource}}}},
		}}}
	}
	return []runtime.Object{
		of("pods", "pods", admissionv1.Update), of("claims", "persistentvolumeclaims", admissionv1.Update),
		of("new-claims", "persistentvolumeclaims", admissionv1.Create), of("volumes", "persistentvolumes", admissionv1.Update),
		of("new-volumes", "persistentvolumes", admissionv1.Create), of("all", "*/*", "*"),
	}
}

// drops is admission that removes what our writes depend on.
func drops(o runtime.Object) {
	switch o := o.(type) {
	case *corev1.Pod:
		o.Finalizers = nil
	case *corev1.PersistentVolumeClaim:
		o.Annotations, o.OwnerReferences = nil, nil
		o.Spec.VolumeName = ""
	case *corev1.PersistentVolume:
		o.Annotations = nil
		o.Spec.PersistentVolumeReclaimPolicy = "Recycle"
		o.Spec.ClaimRef = &corev1.ObjectReference{Namespace: ststest.Namespace, Name: "data-web-3", UID: "other", ResourceVersion: "1"}
	}
}

func finalizerPatch(t *testing.T, a operate.SetAction) *operate.FinalizerPatch {
	t.Helper()
	switch a := a.(type) {
	case *operate.AddFinalizer:
		return &a.FinalizerPatch
	case *operate.RemoveFinalizer:
		return &a.FinalizerPatch
	}
	t.Fatalf("%s changes no finalizer", a.Type())
	return nil
}

// refusal is the decision about a write that was stored otherwise.
func refusal(err error) string {
	if answer := (*operate.AnswerError)(nil); errors.As(err, &answer) {
		by := ""
		if answer.Alteration != nil {
			by = " by " + strings.Join(answer.Alteration.By, ", ")
		}
		return string(answer.Verdict) + " " + answer.Reason + " " + answer.Subject + by
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestAFinalizerIsNotStored: the answer is compared in a dry run and in the write itself, and so is
// that to its removal.
func TestAFinalizerIsNotStored(t *testing.T) {
	const refused = "Refused AdmissionChanges pod/web-4 by mutatingwebhookconfiguration/pods, mutatingwebhookconfiguration/all"
	for _, test := range []struct {
		c     string
		admit func(runtime.Object)
		want  string
	}{
		{"hold a pod with a finalizer", drops, refused},
		{"hold a pod with a finalizer", func(o runtime.Object) {
			o.(*corev1.Pod).Finalizers = []string{"example.com/x", record.LeavingFinalizer}
		}, ""},
		{"take the finalizer off a pod", drops, ""},
		{"take the finalizer off a pod", func(o runtime.Object) { o.(*corev1.Pod).Finalizers = []string{record.LeavingFinalizer} }, refused},
	} {
		for _, c := range setCases() {
			if c.name != test.c {
				continue
			}
			r, client := recordRequests(t, c.from, mutators()...)
			r.admitOther = func(_ request, o runtime.Object) { test.admit(o) }
			view := open(t, r, client)
			if got := refusal(view.TryFinalizer(t.Context(), finalizerPatch(t, c.action(t)))); got != test.want {
				t.Errorf("%s, dry run: %q, want %q", c.name, got, test.want)
			}
			if writes, _ := r.writes(); len(writes) != 1 || writes[0].effective() {
				t.Errorf("%s, dry run: %v", c.name, writes)
			}
			if got := refusal(c.apply(t, r, client)); got != test.want {
				t.Errorf("%s: %q, want %q", c.name, got, test.want)
			}
		}
	}
}

// TestClaimWritesAreNotStored: a write to a claim or volume that admission changes is refused by
// its dry run, and so is one that it changes only when it is stored.
func TestClaimWritesAreNotStored(t *testing.T) {
	for _, c := range claimCases() {
		a := c.action(t)
		by, subject, admit, restores := "volumes", "persistentvolume/volume", drops, false
		switch a := a.(type) {
		case *claims.DeleteClaim, *claims.DeleteVolume, *claims.CheckOwners:
			continue
		case *claims.MarkKept:
			by, subject = "claims", "persistentvolumeclaim/data-web-3"
		case *claims.UnmarkKept:
			by, subject = "claims", "persistentvolumeclaim/data-web-3"
			admit = func(o runtime.Object) {
				o.(metav1.Object).SetAnnotations(map[string]string{claims.KeepAnnotation: claims.KeptMeanwhile})
			}
		case *claims.RestoreOwners:
			by, subject, restores = "claims", "persistentvolumeclaim/data-web-3", true
		case *claims.CreateClaim:
			by, subject = "new-claims", "persistentvolumeclaim/data-web-3"
		case *claims.CopyVolume:
			by, subject = "new-volumes", "persistentvolume/"+a.Volume.Name
		case *claims.SetAsideVolume:
			subject = "persistentvolume/" + a.Name
		}
		want := "Refused AdmissionChanges " + subject + " by mutatingwebhookconfiguration/" + by + ", mutatingwebhookconfiguration/all"
		for name, on := range map[string]func(request) bool{
			"a dry run":           func(request) bool { return true },
			"the write itself":    request.effective,
			"nothing of our kind": func(request) bool { return false },
		} {
			t.Run(c.name+", "+name, func(t *testing.T) {
				r, client := recordRequests(t, &sts.Inventory{}, append(c.known(), mutators()...)...)
				r.admitOther = func(q request, o runtime.Object) {
					if on(q) {
						admit(o)
					}
				}
				after, err := (&Claims{Client: client}).Apply(t.Context(), c.view, a)
				sent := 0
				writes, _ := r.writes()
				for _, q := range writes {
					if q.effective() {
						sent++
					}
				}
				changed := name != "nothing of our kind" && !strings.HasPrefix(c.name, "give the fields")
				wantSent := 1
				if changed && name == "a dry run" {
					wantSent = 0
				}
				got := refusal(err)
				if restores && changed { // it stays without, and says why
					if !strings.Contains(after.Owners[0].Why, "persistentvolumeclaim/data-web-3") {
						t.Errorf("the owners: %v", after.Owners)
					}
					got = want
				}
				if !changed && got != "" || changed && got != want || sent != wantSent {
					t.Errorf("%q with %d writes, want %q with %d", got, sent, want, wantSent)
				}
			})
		}
	}
}

// TestTriedOncePerKind: writes of one kind are not all tried.
func TestTriedOncePerKind(t *testing.T) {
	c := claimCases()[0]
	r, client := recordRequests(t, &sts.Inventory{}, c.known()...)
	w := &Claims{Client: client}
	for range 3 {
		if _, err := w.Apply(t.Context(), c.view, c.action(t)); err != nil {
			t.Fatal(err)
		}
	}
	var got []bool
	writes, _ := r.writes()
	for _, q := range writes {
		got = append(got, q.effective())
	}
	if diff := cmp.Diff([]bool{false, true, true, true}, got); diff != "" {
		t.Errorf("which requests are carried out (-want +got):\n%s", diff)
	}
}
