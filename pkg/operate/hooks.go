package operate

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// hooks are a profile's commands for one member that leaves or joins.
type hooks struct {
	profile *profile.Profile
	vars    profile.Vars
	// member is the one that leaves or joins, nil while it has no pod; survivor is nil
	// when no other member is available.
	member, survivor *corev1.Pod
	key              string
	now              time.Time
	facts            Facts
}

// hookFailure is a command that failed.
type hookFailure struct {
	problem, hint string
	// lost: the connection broke, so that it may have done its work.
	lost bool
	last bool // it was the last of its section
	// unanswered: it did not exit by itself, so its result is unknown.
	unanswered bool
	// tried: there was a pod to run it in.
	tried bool
	// profile is the one whose program the container does not have.
	profile string
}

// newHooks collects the variables of a profile's commands. The survivor is the lowest ordinal
// that is available.
func newHooks(s *sts.Snapshot, f Facts, p *profile.Profile, domain string, m *record.Member) *hooks {
	h := &hooks{profile: p, now: s.TakenAt, facts: f}
	joins := m.Phase == record.Announcing || m.Phase == record.Starting
	var survivors []string
	for _, r := range s.Replicas() {
		switch {
		case r.Ordinal == m.Ordinal:
			if r.Pod != nil && (r.Pod.UID == m.UID || joins) {
				h.member = r.Pod
			}
		case r.Available && r.Desired && !record.HoldsLeaving(r.Pod):
			if h.survivor == nil {
				h.survivor = r.Pod
			}
			survivors = append(survivors, r.Pod.Name)
		}
	}
	before := int32(m.Ordinal-sts.Start(s.Set)) + 1
	after := before - 1
	if joins {
		before, after = after, before
	}
	// Not by where it runs: what one survivor has done another need not do again.
	h.key = fmt.Sprintf("%s %s", s.Name(m.Ordinal), m.UID)
	h.vars = profile.Vars{
		profile.PodName: s.Name(m.Ordinal), profile.Ordinal: m.Ordinal.String(),
		profile.Namespace: s.Set.Namespace, profile.ServiceName: s.Set.Spec.ServiceName, profile.ClusterDomain: domain,
		profile.Survivors: strings.Join(survivors, ","),
		profile.Replicas:  strconv.Itoa(int(before)), profile.TargetReplicas: strconv.Itoa(int(after)),
	}
	if joins && h.member != nil {
		h.key += string(h.member.UID)
	}
	if h.survivor != nil {
		h.vars[profile.SurvivorName] = h.survivor.Name
	}
	h.vars = h.vars.With(m.Values)
	return h
}

// ran reports whether this command has run one for the member.
func (h *hooks) ran() bool {
	for key := range h.facts.Results {
		if strings.HasPrefix(key, h.key+" ") {
			return true
		}
	}
	return false
}

// section runs the commands of a section one after the other. With no decision and no failure it
// is done; the variables then hold what it captured. at is when the last command ended.
func (h *hooks) section(sec profile.Section, round string, retries bool) (vars profile.Vars, at time.Time, d *Decision, failed *hookFailure) {
	vars = h.vars
	commands := h.profile.Commands(sec)
	for n := range commands {
		c := &commands[n]
		wanted, err := c.Wanted(vars)
		if err != nil {
			return nil, at, nil, &hookFailure{problem: err.Error(), hint: c.Hint}
		}
		if unsettled := h.unsettled(c, vars); unsettled != nil {
			c, wanted = unsettled, true
		}
		if !wanted {
			continue
		}
		captured, answered, d, failed := h.command(c, vars, fmt.Sprintf("%s %s %s/%d", h.key, sec, round, n), retries, sec == profile.UntilGone)
		if d != nil {
			return nil, at, d, nil
		}
		at = answered
		if failed != nil {
			failed.last = n == len(commands)-1
			return nil, at, nil, failed
		}
		vars = vars.With(captured)
	}
	return vars, at, nil, nil
}

// command runs one command until it succeeds, as often as it may be tried.
func (h *hooks) command(c *profile.Command, vars profile.Vars, key string, retries, quiet bool) (profile.Vars, time.Time, *Decision, *hookFailure) {
	run := Exec{For: c.Name, Timeout: c.Timeout.Duration, Quiet: quiet}
	pod := h.survivor
	switch c.On {
	case profile.Leaving, profile.Joining:
		pod = h.member
	case profile.Here:
		pod = nil
	}
	if pod == nil && c.On != profile.Here {
		problem := msgDrainNoSurvivor(c.Name)
		if c.On != profile.Survivor {
			problem = msgDrainNoPod(c.Name)
		}
		return nil, h.now, nil, &hookFailure{problem: problem, hint: c.Hint, unanswered: true}
	}
	if pod != nil {
		run.Pod, run.UID, run.Container = pod.Name, pod.UID, h.profile.Container(c, pod.Annotations, &pod.Spec)
	}
	var err error
	if run.Argv, err = c.Argv(vars); err != nil {
		return nil, h.now, nil, &hookFailure{problem: err.Error(), hint: c.Hint}
	}
	tries := 1
	if retries {
		tries += c.Retries
	}
	for try := range tries {
		run.Key = fmt.Sprintf("%s try %d", key, try)
		answer, answered := h.facts.Results[run.Key]
		if !answered && h.facts.Started[run.Key] {
			d := decide(Wait, ReasonHookRuns, waitDrainRuns(run.Label()), nil)
			d.Subject, d.Detail = podSubject(h.vars[profile.PodName]), run.Label()
			return nil, h.now, &d, nil
		}
		if !answered {
			run.Description = stepDrainRun(run.Label(), c.Why)
			d := do(&run, "Hook")
			d.Member = h.vars[profile.PodName]
			return nil, h.now, &d, nil
		}
		if answer.Imagined {
			captured := profile.Vars{}
			for name := range c.Capture {
				captured[name] = imagined(name)
			}
			return captured, h.now, nil, nil
		}
		problem := answer.Problem
		if reads := len(c.Expect)+len(c.Reject)+len(c.Capture) > 0; reads && answer.Truncated {
			problem = msgDrainTooMuchOutput() // reject cannot be checked on truncated output
		}
		var captured profile.Vars
		if problem == "" {
			captured, problem = c.Read(vars, answer.ExitCode, answer.Stdout)
		}
		if problem == "" {
			return captured, answer.At, nil, nil
		}
		if try == tries-1 {
			failed := &hookFailure{problem: fmt.Sprintf("%s: %s", run.Label(), problem), lost: answer.Lost, unanswered: answer.ExitCode < 0, tried: true}
			if answer.NoProgram {
				failed.profile = h.profile.Metadata.Name
			}
			if !failed.unanswered {
				failed.hint = c.Hint // it is about the output of the command
			}
			return nil, answer.At, nil, failed
		}
		if next := answer.At.Add(c.Pause.Duration); next.After(h.now) {
			d := decide(Wait, ReasonHookRuns, waitDrainRetry(run.Label(), problem), nil)
			d.Subject, d.Detail, d.Until = podSubject(h.vars[profile.PodName]), fmt.Sprintf("%s, retry %d", run.Label(), try+1), &next
			return nil, h.now, &d, nil
		}
	}
	panic("a command has at least one try")
}

// unsettled is a command of which a plan cannot tell whether it will run, because that depends
// on the output of another one; nil for all others.
func (h *hooks) unsettled(c *profile.Command, vars profile.Vars) *profile.Command {
	for _, conditions := range []map[string]string{c.If, c.Unless} {
		for name := range conditions {
			if vars[name] == imagined(name) {
				out := *c
				out.Why = stepDrainIfNeeded(c.Why)
				return &out
			}
		}
	}
	return nil
}

// imagined stands for a value in a plan, for which no command was run.
func imagined(name string) string { return "(" + strings.ToLower(name) + ")" }

// gone runs the until commands until the member has left, or only until they first fail.
func (h *hooks) gone(round string, firstNoIsEnough bool) (yes bool, d *Decision, failed *hookFailure) {
	u := h.profile.Until
	if u == nil {
		return true, nil, nil // the exit code of the drain commands decides
	}
	var first time.Time
	successes := 0
	for n := 0; ; n++ {
		_, at, d, failed := h.section(profile.UntilGone, fmt.Sprintf("%s%d", round, n), false)
		if d != nil {
			return false, d, nil
		}
		if n == 0 {
			first = at
		}
		notYet := ""
		if failed == nil {
			predicted := len(h.facts.Results) > 0 && h.imagined(round)
			if predicted && firstNoIsEnough {
				// A plan shows what will be done when it has not left yet.
				return false, nil, &hookFailure{problem: msgDrainStillThere()}
			}
			if successes++; successes >= u.Successes || predicted {
				return true, nil, nil
			}
		} else {
			successes = 0
			notYet = failed.problem
			if firstNoIsEnough && !failed.unanswered {
				return false, nil, failed
			}
			if h.now.Sub(first) >= u.Timeout.Duration {
				failed.problem = msgDrainLeaveTimeout(u.Timeout.Duration, failed.problem)
				return false, nil, failed
			}
		}
		if next := at.Add(u.Interval.Duration); next.After(h.now) {
			d := decide(Wait, ReasonMemberLeaving, waitDrainLeaves(h.vars[profile.PodName], n+1, notYet), nil)
			d.Subject, d.Until = podSubject(h.vars[profile.PodName]), &next
			return false, &d, nil
		}
	}
}

// imagined reports whether the results of this round are those of a plan.
func (h *hooks) imagined(round string) bool {
	for key, a := range h.facts.Results {
		if a.Imagined && strings.HasPrefix(key, fmt.Sprintf("%s %s %s", h.key, profile.UntilGone, round)) {
			return true
		}
	}
	return false
}

// captured are the values that did not exist before.
func (h *hooks) captured(vars profile.Vars) map[string]string {
	out := map[string]string{}
	for name, value := range vars {
		if _, before := h.vars[name]; !before {
			out[name] = value
		}
	}
	if len(out) == 0 {
		return nil
	}
	return maps.Clone(out)
}
