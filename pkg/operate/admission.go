package operate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// ReasonAdmission: mutating admission would change what is written to the set, a pod, a claim or a volume, or
// has changed the stable template.
const ReasonAdmission = "AdmissionChanges"

// StoredError says that the API server would store another template than the one that an action
// records: nothing was written, and the decision needs [Facts.StoredTemplate].
type StoredError struct{ Digest string }

func (e *StoredError) Error() string {
	return "mutating admission changes the template, so the recorded digest would be incorrect"
}

// RecordOnly says whether the patch writes no field of the spec, only annotations of ours.
func (p *PatchSet) RecordOnly() bool {
	return !slices.ContainsFunc(p.Ops, func(o PatchOp) bool { return o.Op != "test" && strings.HasPrefix(o.Path, "/spec") })
}

// Kind is the same for two patches that write the same fields: admission treats both alike.
func (p *PatchSet) Kind() string {
	kinds := map[string]bool{}
	for _, o := range p.Ops {
		_, record := o.annotation()
		parts := strings.Split(o.Path, "/")
		switch {
		case o.Op == "test":
		case record && o.Op == "remove":
			kinds["end"] = true
		case len(parts) > 2 && parts[1] == "spec":
			kinds[parts[2]] = true
		}
	}
	var out []string
	for k := range kinds {
		out = append(out, k)
	}
	slices.Sort(out)
	return "record " + strings.Join(out, " ")
}

// SpecOnly is the patch without its records and their tests: the part of a later step of a plan
// that can be tried now.
func (p *PatchSet) SpecOnly(s *sts.Snapshot) *PatchSet {
	out := *p
	out.Canary = nil
	out.Ops = append([]PatchOp{Op("test", "/metadata/uid", s.Set.UID), Op("test", "/metadata/generation", s.Set.Generation)}, p.specOps()...)
	return &out
}

// Accepts says whether the patch may be written with the changes of admission.
func (p *PatchSet) Accepts(a *sts.Alteration) bool { return p.AcceptAdmission && a.Template() }

// RefuseAltered refuses a write that mutating admission would change.
func RefuseAltered(s *sts.Snapshot, a *sts.Alteration) *AnswerError {
	d := decide(Refused, ReasonAdmission, msgAltered(s.Set.Name, a.Changes, a.By), hintExempt("statefulset/"+s.Set.Name))
	switch c, err := record.ReadCanary(s.Set); {
	case !a.Template() || err != nil:
	case c != nil && !c.Aborting: // a rollback is possible in any case
		d.Hint = append(d.Hint, hintOrAbort(canaryCommand(s, "abort"))...)
	case c == nil && inFlight(s) == "" && sts.DesiredReplicas(s.Set) > 0:
		d.Hint = append(d.Hint, hintOrAcceptFirst(canaryCommand(s, "start", "--restart", "--accept-admission-changes"))...)
	case c == nil && inFlight(s) != "" && sts.StrategyOf(s.Set).HasPartition():
		d.Hint = append(d.Hint, hintOrAbortUpdate(canaryCommand(s, "abort"))...)
	}
	d.Alteration = a
	return &AnswerError{Decision: d}
}

// RefuseRecord refuses a record that mutating admission would turn into an update, and that
// may not be written through the status subresource.
func RefuseRecord(s *sts.Snapshot, a *sts.Alteration) *AnswerError {
	e := RefuseAltered(s, a)
	e.Message = msgRecordAltered(e.Message, s.Set.Namespace)
	e.Hint = hintRecordAltered(s.Set.Namespace, e.Hint)
	return e
}

// StopAltered ends a command whose last write was stored with more than was sent.
func StopAltered(s *sts.Snapshot, a *sts.Alteration) *AnswerError {
	e := RefuseAltered(s, a)
	e.Stored = true
	e.Message = msgStoredAltered(s.Set.Name, a.Changes, a.By)
	e.Hint = hintStoredAltered(sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name))
	return e
}

// RefuseScaled refuses a change of size that mutating admission would turn into another one.
func RefuseScaled(s *sts.Snapshot, c *Scale, stored int32, by []string) *AnswerError {
	d := decide(Refused, ReasonAdmission, msgScaleAltered(s.Set.Name, c.To, stored, by), hintExempt("statefulset/"+s.Set.Name))
	d.Alteration = &sts.Alteration{By: by, Changes: []sts.Change{{Path: "spec.replicas", From: fmt.Sprint(c.To), To: fmt.Sprint(stored)}}}
	return &AnswerError{Decision: d}
}

// RefuseWritten refuses a write to an object other than the StatefulSet when the API server would
// store something else. object is what it is called, "pod web-2" or "persistentvolume/pvc-1"; ns is empty
// for a cluster-scoped object.
func RefuseWritten(ns, object string, a *sts.Alteration) *AnswerError {
	d := decide(Refused, ReasonAdmission, msgWriteAltered(object, ns, a.Changes, a.By), hintExempt(object))
	d.Subject = strings.Replace(object, " ", "/", 1)
	d.Alteration = a
	return &AnswerError{Decision: d}
}

// possiblyBy names the webhooks and policies that match a write: the API server does not report
// which of them has changed it.
func possiblyBy(by []string) string {
	if len(by) == 0 {
		return ""
	}
	return " (possibly by " + sayAll(by) + ")"
}
