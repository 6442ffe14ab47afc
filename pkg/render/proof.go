package render

import (
	"io"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// Proof shows why an update is stuck, before the confirmation of the fix. unified is
// what the pod's revision changed, as a unified diff.
func Proof(w io.Writer, p *report.Proof, unified string, now time.Time, st Style) error {
	var b strings.Builder
	say := func(tone Tone, text string) { b.WriteString(st.Wrap("", 0, tone, text)) }
	say(Bad, msgProofPod(p.Pod, p.Trouble.Message))
	switch {
	case p.Missing:
		say(Plain, msgProofMissing(p.Revision, p.Blocks))
	case p.Recreate:
		say(Plain, msgProofRecreate(p.Revision, p.Blocks))
		say(Plain, msgFixRecreate(p.TargetRevision))
	default:
		say(Plain, msgProofRollout(p.Revision, p.TargetRevision, p.Blocks))
	}
	switch {
	case p.Missing && p.Remedy == diagnose.RollBack:
		say(Plain, msgFixMissing(p.TargetRevision))
	case p.Recreate:
	case p.Remedy == diagnose.RollBack:
		say(Plain, msgFixBack(p.TargetRevision))
	default:
		say(Plain, msgFixForward())
	}
	switch {
	case p.Diff == nil:
		say(Dim, msgNoDiff(p.ChangesError))
	case len(p.Changes) == 0:
		say(Dim, msgSameTemplate())
	default:
		b.WriteString("\n" + msgDiffTitle(p.TargetRevision, p.Revision) + "\n")
		if err := Diff(&b, unified, st); err != nil {
			return err
		}
	}
	proofLog(&b, p, now, st)
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func proofLog(b *strings.Builder, p *report.Proof, now time.Time, st Style) {
	c := p.Container
	switch {
	case c == nil:
		return
	case p.LogError != "":
		b.WriteString(st.Wrap("", 0, Dim, msgNoLog(c.Name, p.LogError)))
		return
	case len(p.Log) == 0:
		return
	}
	ended := ""
	if c.ExitCode != nil {
		age := ""
		if c.ExitedAt != nil {
			age = sts.Age(now.Sub(c.ExitedAt.Time))
		}
		ended = msgContainerEnded(*c.ExitCode, age)
	}
	b.WriteString("\n" + st.Wrap("", 0, Plain, msgLogTitle(c.Name, ended)))
	for _, line := range p.Log {
		b.WriteString("  " + st.cut(Foreign(line), 2) + "\n")
	}
}
