package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ReasonAdmission is that of a write which mutating admission changes.
const ReasonAdmission = "AdmissionChanges"

// StoredError says that the API server stores another template than the one that an action
// records: nothing was written, and the decision needs [Facts.StoredTemplate].
type StoredError struct{ Digest string }

func (e *StoredError) Error() string {
	return "mutating admission changes the template, which the record must show"
}

// RecordOnly says whether the patch writes no field of the spec: it only has to remember
// something, or to forget it.
func (p *PatchSet) RecordOnly() bool {
	return !slices.ContainsFunc(p.Ops, func(o PatchOp) bool { return o.Op != "test" && strings.HasPrefix(o.Path, "/spec") })
}

// Kind is the same for two patches that write the same fields: what admission makes of one
// it makes of the other.
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

// SpecOnly is the patch without its records and what they test: what a later step of a plan
// changes, as far as it can be tried now.
func (p *PatchSet) SpecOnly(s *sts.Snapshot) *PatchSet {
	out := *p
	out.Canary = nil
	out.Ops = append([]PatchOp{op("test", "/metadata/uid", s.Set.UID), op("test", "/metadata/generation", s.Set.Generation)}, p.specOps()...)
	return &out
}

// Accepts says whether the patch may be written with what admission changes.
func (p *PatchSet) Accepts(a *sts.Alteration) bool { return p.AcceptAdmission && a.Template() }

// RefuseAltered refuses a write that mutating admission would change.
func RefuseAltered(s *sts.Snapshot, a *sts.Alteration) *AnswerError {
	d := decide(Refused, ReasonAdmission, fmt.Sprintf("mutating admission would change more of statefulset %s than this command writes: %s%s",
		s.Set.Name, sts.SayChanges(a.Changes), sayBy(a.By)), "exempt statefulset "+s.Set.Name+" from it")
	switch c, err := sts.ReadCanary(s.Set); {
	case !a.Template() || err != nil:
	case c != nil && !c.Aborting: // the way back is open in any case
		d.Hint += ", or take the canary back: " + canaryCommand(s, "abort")
	case c == nil && inFlight(s) == "" && sts.WantedReplicas(s.Set) > 0:
		d.Hint += ", or update the pods to what it changes first: " + canaryCommand(s, "start", "--restart", "--accept-admission-changes")
	case c == nil && inFlight(s) != "" && sts.IsRollingUpdate(s.Set):
		d.Hint += ", or take the update back: " + canaryCommand(s, "abort")
	}
	d.Alteration = a
	return &AnswerError{Decision: d}
}

// RefuseRecord refuses a record that mutating admission would turn into an update, and that
// may not be written through the status subresource.
func RefuseRecord(s *sts.Snapshot, a *sts.Alteration) *AnswerError {
	e := RefuseAltered(s, a)
	e.Message += "; to keep a record without that, kubectl sts writes it through the status subresource, which you may not patch"
	e.Hint = "ask for the permission to patch statefulsets/status in namespace " + s.Set.Namespace + ", or " + e.Hint
	return e
}

// StopAltered ends a command whose last write was stored with more than was sent.
func StopAltered(s *sts.Snapshot, a *sts.Alteration) *AnswerError {
	e := RefuseAltered(s, a)
	e.Stored = true
	e.Message = fmt.Sprintf("mutating admission has changed more of statefulset %s than this command wrote, though not in a dry run before: %s%s; nothing further is written",
		s.Set.Name, sts.SayChanges(a.Changes), sayBy(a.By))
	e.Hint = sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name) + " shows which pods are updated by that"
	return e
}

// RefuseScaled refuses a change of size that mutating admission would turn into another one.
func RefuseScaled(s *sts.Snapshot, c *Scale, stored int32, by []string) *AnswerError {
	d := decide(Refused, ReasonAdmission, fmt.Sprintf("mutating admission would scale statefulset %s to %s instead of %d%s",
		s.Set.Name, sts.Count(stored, "replica"), c.To, sayBy(by)), "exempt statefulset "+s.Set.Name+" from it")
	d.Alteration = &sts.Alteration{By: by, Changes: []sts.Change{{Path: "spec.replicas", From: fmt.Sprint(c.To), To: fmt.Sprint(stored)}}}
	return &AnswerError{Decision: d}
}

// RefuseWritten refuses a write to another object than the StatefulSet of which the API server does
// not store what was sent. object is kind and name, ns is empty for what has no namespace.
func RefuseWritten(ns, object string, a *sts.Alteration) *AnswerError {
	where := ""
	if ns != "" {
		where = " in namespace " + ns
	}
	d := decide(Refused, ReasonAdmission, fmt.Sprintf("mutating admission changes what this command writes to %s%s: %s%s",
		object, where, sts.SayChanges(a.Changes), sayBy(a.By)), "exempt "+object+" from it")
	_, d.Subject, _ = strings.Cut(object, " ")
	d.Alteration = a
	return &AnswerError{Decision: d}
}

func sayBy(by []string) string {
	if len(by) == 0 {
		return ""
	}
	return " (registered for such writes: " + sayAll(by) + ")"
}
