package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// The judges of a round share no code with the plugin. They know the world, which the test has created,
// and the promises of docs/stuck.md, docs/safety.md and docs/exit-codes.md.

// margin is the tolerance for a late verdict: times of pods are whole seconds.
const margin = 5 * time.Second

// commandReport has the fields of the command's JSON output that the judges read.
type commandReport struct {
	Kind    string
	Plan    []decision
	Applied []appliedAction
	Outcome *decision
	Error   string
}

type decision struct {
	Verdict, Reason, Message, Subject string
	Action                            *appliedAction
}

// appliedAction has fields of all actions.
type appliedAction struct {
	Type            string
	Partition       *struct{ ToOrdinal int }
	RestoreRevision string
	Ops             []struct{ Op, Path string }
	Ordinal         int
	From, To        int
}

// verdict is one document of status --watch.
type verdict struct {
	at       time.Time
	State    string
	Message  string
	Replicas []struct {
		Ordinal int
		Trouble *struct {
			Reason, Message string
			Failing         bool
		}
	}
}

// soonest is the time after which a replica in this state may count as failing; other states may at
// once. Recreated takes more deletions than a round has.
var soonest = map[string]time.Duration{
	"SchedulingGated": never, "NotReady": never, "ReadinessGatesNotReady": never, "MinReadySeconds": never, "Missing": never, "Recreated": never,
	"Pending": never, "ContainerWaiting": never, "Terminated": never, "NotStarted": never, "NotScheduled": never, "Failed": never, "Succeeded": never,
	"Unknown": never, "InitContainerRunning": never, "FailedCreate": 10 * time.Second, "FailedDelete": 10 * time.Second, "Terminating": time.Minute,
}

// removal is the removal of a pod, according to the API server's audit log.
type removal struct {
	at   time.Time
	who  string // tool, controller, rival
	name string
}

func (g removal) String() string { return g.who + " " + g.name }

func (r *round) mark() {
	events, err := r.c.Audit(r.ns)
	r.check(err)
	r.marked = len(events)
}

func (r *round) audited() []cluster.AuditEvent {
	events, err := r.c.Audit(r.ns)
	r.check(err)
	return events[r.marked:]
}

func whose(e cluster.AuditEvent) string {
	switch {
	case strings.HasPrefix(e.UserAgent, "kubectl-sts/"):
		return "tool"
	case strings.Contains(e.UserAgent+e.User, "statefulset-controller"):
		return "controller"
	case e.UserAgent == "rival":
		return "rival"
	}
	return ""
}

func removals(events []cluster.AuditEvent) []removal {
	var out []removal
	for _, e := range events {
		ends := e.Resource == "pods" && (e.Verb == "delete" && e.Subresource == "" || e.Verb == "create" && e.Subresource == "eviction")
		if who := whose(e); ends && isEffective(e) && who != "" {
			out = append(out, removal{e.Answered, who, e.Name})
		}
	}
	return out
}

// written are the command's effective writes.
func written(events []cluster.AuditEvent) []string {
	var out []string
	for _, e := range events {
		if whose(e) == "tool" && isWrite(e) && isEffective(e) && e.Resource != "events" {
			out = append(out, e.Verb+" "+e.URI)
		}
	}
	return out
}

var podName = regexp.MustCompile(`web-[0-9]+`)

// wrong fails the round.
func (r *round) wrong(format string, args ...any) {
	r.Helper()
	r.Errorf(format, args...)
}

// judgeDryRun: it writes nothing, and no pod is deleted.
func (r *round) judgeDryRun(e *ending) {
	r.Helper()
	r.judgeEnding(e, []int{0, 4, 5})
	events := r.audited()
	if w := written(events); len(w) > 0 {
		r.wrong("the dry run wrote: %v\n%s", w, e)
	}
	r.dry = e
}

// judge checks the round after the command has ended.
func (r *round) judge(ctx context.Context, e *ending) {
	r.Helper()
	r.judgeEnding(e, []int{0, 4, 5, 6, 124})
	r.untilQuiet(ctx)
	r.judgeRemovals(e)
	r.judgeTooEarly(e)
	r.judgeTooLate(ctx, e)
	r.judgeDone(ctx, e)
	still := !r.Late && r.Rival == "" && r.Heals == 0 && r.Verb != "pause" && r.Verb != "unstick"
	if r.dry != nil && still && (r.dry.code == 5) != (e.code == 5) {
		r.wrong("the dry run and the command differ: %s\n%s", r.dry, e)
	}
}

// judgeEnding: each command ends in time, with an exit code of docs/exit-codes.md and one document, and
// with a reason if it did not succeed.
func (r *round) judgeEnding(e *ending, codes []int) {
	r.Helper()
	switch {
	case e.late:
		r.wrong("no end: %s", e)
	case !slices.Contains(codes, e.code):
		r.wrong("exit code %d is not documented: %s", e.code, e)
	case e.code == 6 && r.Verb != "auto":
		r.wrong("no gates: %s", e)
	case e.code != 0 && strings.TrimSpace(e.errout) == "":
		r.wrong("nothing on standard error: %s", e)
	case e.report.Kind == "":
		r.wrong("no document on standard output: %s\n%s", e, e.out)
	}
	if err := checkDocuments(e.out, false); err != nil {
		r.wrong("%s: %v", e, err)
	}
	if strings.Contains(e.errout, "panic:") || strings.Contains(e.errout, "goroutine ") {
		r.wrong("panic: %s", e)
	}
}

// shown are the ordinals whose pods will be deleted according to the plan.
func (r *round) shown(e *ending) map[int]bool {
	out := map[int]bool{}
	from := r.Start + partitionOf(r.setBefore)
	for _, d := range e.report.Plan {
		if d.Action == nil {
			continue
		}
		a := d.Action
		switch a.Type {
		case "DeletePod", "EvictPod":
			out[a.Ordinal] = true
		case "Scale":
			for k := r.Start + a.To; k < r.Start+a.From; k++ {
				out[k] = true
			}
		case "PatchSet":
			if a.Partition != nil {
				from = a.Partition.ToOrdinal
			}
			if d.Reason == "Finish" {
				continue // the pods already have the template
			}
			template := slices.ContainsFunc(a.Ops, func(o struct{ Op, Path string }) bool {
				return o.Op != "test" && strings.HasPrefix(o.Path, "/spec/template")
			})
			for _, pod := range r.before {
				revision := pod.Labels[appsv1.StatefulSetRevisionLabel]
				goes := template && a.RestoreRevision == "" || a.RestoreRevision != "" && revision != a.RestoreRevision ||
					a.Partition != nil && !template && revision != r.setBefore.Status.UpdateRevision
				if goes && ordinalOf(pod.Name) >= int32(from) {
					out[int(ordinalOf(pod.Name))] = true
				}
			}
		}
	}
	return out
}

// judgeRemovals: only pods of the plan are deleted, and none at all if the command refuses.
func (r *round) judgeRemovals(e *ending) {
	r.Helper()
	events := r.audited()
	gone, wrote := removals(events), written(events)
	undisturbed := !r.Late && r.Rival == "" && r.Heals == 0
	if e.code == 5 && len(wrote) > 0 && (undisturbed || len(e.report.Applied) == 0) {
		r.wrong("refused, and it wrote %v: %s", wrote, e)
	}
	if len(wrote) == 0 && len(e.report.Applied) > 0 {
		r.wrong("it reports %d writes and made none: %s", len(e.report.Applied), e)
	}
	shown, count := r.shown(e), map[string]int{}
	r.note("shown: %v, gone: %v", slices.Sorted(maps.Keys(shown)), gone)
	for _, g := range gone {
		if g.who == "rival" {
			continue
		}
		n := int(ordinalOf(g.name))
		count[g.name]++
		if !shown[n] && !r.byOthers(g, n) && !r.byAbort(n) && !r.byAdmission(g, e) {
			r.wrong("%s removed pod %s, which the plan did not show (%v): %s", g.who, g.name, slices.Sorted(maps.Keys(shown)), e)
		}
	}
	most := 1
	if r.Rival != "" || r.Verb == "auto" || r.Verb == "unstick" || r.Verb == "abort" || r.Verb == "pause" {
		most = 2 // a rollback, or a rollout that was in progress
	}
	for name, n := range count {
		if n > most {
			r.wrong("pod %s was removed %d times: %s", name, n, e)
		}
	}
}

// untilQuiet waits until the controller has deleted its pods: not every command waits for that.
func (r *round) untilQuiet(ctx context.Context) {
	const quiet = time.Second
	for n, since := -1, time.Now(); ctx.Err() == nil; time.Sleep(glance) {
		set := r.set(ctx)
		if now := len(removals(r.audited())); now != n || set.Status.ObservedGeneration != set.Generation {
			n, since = now, time.Now()
		}
		if time.Since(since) > quiet {
			return
		}
	}
}

// byAbort: promote --auto rolls back the canary, with --on-failure=abort.
func (r *round) byAbort(ordinal int) bool {
	if r.Verb != "auto" || !slices.Contains(r.Options, "abort") {
		return false
	}
	for _, p := range r.before {
		if int(ordinalOf(p.Name)) == ordinal {
			return p.Labels[appsv1.StatefulSetRevisionLabel] == r.setBefore.Status.UpdateRevision
		}
	}
	return false
}

// byAdmission: a policy that rewrites templates took effect between the dry run of a write and the
// write. The command cannot know this before; it reports it and stops, see docs/safety.md.
func (r *round) byAdmission(g removal, e *ending) bool {
	o := e.report.Outcome
	return g.who == "controller" && r.Late && r.Cause == "template" && o != nil && o.Reason == "AdmissionChanges"
}

// byOthers: the controller deleted a pod because of a write of another client.
func (r *round) byOthers(g removal, ordinal int) bool {
	if ordinal >= r.Start+r.Replicas { // another client's scaling has added it since the plan
		return r.Rival == "scale-up" || r.Cause == "size"
	}
	if g.who != "controller" {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.Rival == "template" || r.Rival == "partition":
		return true
	case r.Rival == "scale-down" && ordinal >= r.Start+r.Replicas-1:
		return true
	case r.Verb == "pause":
		// The update is in progress until the controller has seen what the command has written.
		return r.firstAnswered.IsZero() || !g.at.After(r.firstAnswered.Add(margin))
	case r.Verb == "unstick":
		return true // the controller continues the update in progress
	}
	return false
}

// tooEarly is why a reason proves nothing yet, or "".
func (r *round) tooEarly(at time.Time, name, reason string) string {
	after, known := soonest[reason]
	if reason == "Unschedulable" || reason == "UnboundClaim" {
		after, known = r.Grace, true
	}
	if !known {
		return ""
	}
	began := r.began(name, reason)
	if after == never || at.Sub(began) < after {
		return fmt.Sprintf("%s counts as failing with %s after %s", name, reason, at.Sub(began).Round(time.Millisecond))
	}
	return ""
}

// began is a lower bound of when the problem of a pod began.
func (r *round) began(name, reason string) time.Time {
	if reason == "FailedCreate" || reason == "FailedDelete" {
		for _, e := range r.audited() {
			if whose(e) == "controller" && e.Resource == "pods" && e.Code >= 400 && (e.Verb == "create") == (reason == "FailedCreate") {
				return e.Time
			}
		}
		return time.Now() // it did not happen
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	began := time.Now()
	for _, p := range r.seen {
		if p.Name == name && p.CreationTimestamp.Time.Before(began) && (r.cause().behaviour == "" && r.cause().injected == "" || r.troubled(p)) {
			began = p.CreationTimestamp.Time
		}
	}
	return began
}

// judgeTooEarly: nothing counts as stuck before its time, or at all if the problem ends in time.
func (r *round) judgeTooEarly(e *ending) {
	r.Helper()
	r.mu.Lock()
	verdicts, ended := slices.Clone(r.verdicts), r.ended
	r.mu.Unlock()
	heals := r.cause().passes || r.Cause == "none"
	if !ended.IsZero() {
		lasted := ended.Sub(r.began(fmt.Sprintf("web-%d", max(r.Target, r.Start)), map[bool]string{true: "FailedCreate"}[r.cause().refuses]))
		heals = lasted < r.cause().soonest*8/10 || r.Cause == "unschedulable" && lasted < r.Grace/2
	}
	for _, v := range verdicts {
		if v.State != "Stuck" {
			continue
		}
		if heals {
			r.wrong("status says %q: Stuck, in a world that heals by itself: %s", v.Message, v.at.Format(time.StampMilli))
		}
		for _, replica := range v.Replicas {
			if t := replica.Trouble; t != nil && t.Failing {
				if why := r.tooEarly(v.at, fmt.Sprintf("web-%d", replica.Ordinal), t.Reason); why != "" {
					r.wrong("status, %s: %s (%s)", v.at.Format(time.StampMilli), why, t.Message)
				}
			}
		}
	}
	o := e.report.Outcome
	if o == nil || e.code != 4 && e.code != 6 || o.Reason != "PodFailing" && o.Reason != "GateFailed" {
		return
	}
	c := r.cause()
	reason := map[bool]string{true: "FailedCreate"}[c.refuses]
	if r.Cause == "keep-pods" {
		reason = "FailedDelete"
	}
	after := c.soonest
	if r.Cause == "unschedulable" {
		after = r.Grace
	}
	began := e.from
	if reason != "" {
		began = r.began("", reason)
	} else if name := podName.FindString(o.Subject); name != "" {
		began = r.began(name, "")
	}
	if heals || after == never || after > 0 && e.to.Sub(began) < after {
		r.wrong("stuck too early, or wrongly, %s after it began: %s", e.to.Sub(began).Round(time.Millisecond), e)
	}
}

// stuckSince is since when the set is provably stuck, according to the API server, or zero.
func (r *round) stuckSince(ctx context.Context) (time.Time, string) {
	r.mu.Lock()
	healed := !r.ended.IsZero()
	r.mu.Unlock()
	if healed || r.Heals > 0 {
		return time.Time{}, ""
	}
	set, there := r.set(ctx), map[string]bool{}
	for _, p := range r.list(ctx) {
		there[p.Name] = true
		inRange := int(ordinalOf(p.Name)) < r.Start+int(*set.Spec.Replicas)
		if !r.troubled(p) || !inRange || p.DeletionTimestamp != nil {
			continue
		}
		switch r.Cause {
		case "unschedulable":
			for _, c := range p.Status.Conditions {
				if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
					return c.LastTransitionTime.Time, p.Name
				}
			}
		case "crash", "pull":
			for _, s := range p.Status.ContainerStatuses {
				if w := s.State.Waiting; w != nil && strings.HasSuffix(w.Reason, "BackOff") {
					return p.CreationTimestamp.Time, p.Name
				}
			}
		}
	}
	if !r.cause().refuses {
		return time.Time{}, ""
	}
	// The first refusal after the last pod was created.
	var since time.Time
	name := ""
	for _, e := range r.audited() {
		if whose(e) != "controller" || e.Resource != "pods" || e.Verb != "create" || e.Subresource != "" {
			continue
		}
		if e.Code < 400 {
			since = time.Time{}
		} else if since.IsZero() {
			since = e.Time
			var pod struct{ Metadata struct{ Name string } }
			_ = json.Unmarshal(e.Request, &pod)
			name = pod.Metadata.Name
		}
	}
	if name == "" || there[name] || int(ordinalOf(name)) >= r.Start+int(*set.Spec.Replicas) {
		return time.Time{}, ""
	}
	return since, name
}

// judgeTooLate: a problem that does not end is Stuck after its grace period, and ends the wait.
func (r *round) judgeTooLate(ctx context.Context, e *ending) {
	r.Helper()
	since, name := r.stuckSince(ctx)
	if since.IsZero() {
		return
	}
	due := since.Add(r.cause().grace(r.rolloutWorld)).Add(margin)
	if e.code == 124 && due.Add(margin).Before(e.to) {
		r.wrong("still waiting %s after pod %s was stuck: %s", e.to.Sub(since).Round(time.Second), name, e)
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(due)): // the promise is about time
	}
	if again, _ := r.stuckSince(ctx); !again.Equal(since) {
		return // there was progress
	}
	s := r.sts("kubeconfig", []string{"status", "web", "-o", "json", "--scheduling-grace", r.Grace.String()})
	var report struct{ Items []verdict }
	if err := json.Unmarshal([]byte(s.out), &report); err != nil || len(report.Items) != 1 {
		r.wrong("%s: %v\n%s", s, err, s.out)
		return
	}
	if v := report.Items[0]; v.State != "Stuck" {
		r.wrong("status says %s (%s), %s after pod %s was stuck", v.State, v.Message, time.Since(since).Round(time.Second), name)
	}
}

// judgeDone: the exit code is 0 only if all pods are available.
func (r *round) judgeDone(ctx context.Context, e *ending) {
	r.Helper()
	o := e.report.Outcome
	if e.code != 0 || o == nil || r.Rival != "" || slices.Contains(r.Options, "--wait=false") ||
		!slices.Contains([]string{"Paused", "Complete", "Restarted", "Scaled", "Aborted", "Unstuck"}, o.Reason) || r.Verb == "pause" {
		return
	}
	set, up := r.set(ctx), 0
	for _, p := range r.list(ctx) {
		if available(p) {
			up++
		}
	}
	if up < int(*set.Spec.Replicas) {
		r.wrong("done with %d of %d pods ready: %s", up, *set.Spec.Replicas, e)
	}
}

// watchStatus reads the output of status --watch meanwhile.
func (r *round) watchStatus(ctx context.Context) {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "kubectl-sts"), "status", "web", "--watch", "-o", "json", "--scheduling-grace", r.Grace.String())
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(r.dir, "kubeconfig"), "KUBECACHEDIR="+kubecache, "HOME="+r.dir)
	out, err := cmd.StdoutPipe()
	r.check(err)
	r.check(cmd.Start())
	defer func() { _ = cmd.Wait() }() // it is killed
	for d := json.NewDecoder(out); ; {
		var report struct{ Items []verdict }
		if d.Decode(&report) != nil {
			return
		}
		for _, v := range report.Items {
			v.at = time.Now()
			r.note("status: %s: %s", v.State, v.Message)
			r.mu.Lock()
			r.verdicts = append(r.verdicts, v)
			r.mu.Unlock()
		}
	}
}
