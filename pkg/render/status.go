package render

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

var stateTones = map[report.State]Tone{
	report.Complete: Good, report.Stuck: Bad, report.DataAtRisk: Bad, report.Paused: Warn, report.Progressing: Warn,
	report.ScalingUp: Warn, report.ScalingDown: Warn, report.Deleting: Warn, report.Parked: Dim,
}

var roleTones = map[report.Role]Tone{
	report.Canary: Warn, report.Updating: Warn, report.Queued: Warn, report.Leaving: Warn, report.Outdated: Warn,
	report.Missing: Bad, report.Orphaned: Dim, report.Unknown: Dim,
}

// Columns are the optional columns of a table.
type Columns struct{ Namespace, Wide, Labels bool }

// StatusTable prints one line per set.
func StatusTable(w io.Writer, r *report.StatusReport, st Style, c Columns) error {
	t := table{style: st}
	titles := []string{"NAME", "READY", "UPDATED", "STATE", "VOLUMES"}
	if c.Namespace {
		titles = append([]string{"NAMESPACE"}, titles...)
	}
	if c.Wide {
		titles = append(titles, "STABLE", "UPDATE", "IMAGES")
	}
	if c.Labels {
		titles = append(titles, "LABELS")
	}
	t.header(append(titles, "MESSAGE")...)
	for i := range r.Items {
		s := &r.Items[i]
		row := []cell{
			{s.Name, Plain},
			{fmt.Sprintf("%d/%d", s.ReadyReplicas, s.DesiredReplicas), Plain},
			{updatedColumn(s), Plain},
			{string(s.State), stateTones[s.State]},
			{volumesColumn(s), Plain},
		}
		if c.Namespace {
			row = append([]cell{{s.Namespace, Plain}}, row...)
		}
		if c.Wide {
			row = append(row, cell{s.StableRevision, Plain}, cell{s.UpdateRevision, Plain}, cell{imageList(s.Images), Plain})
		}
		if c.Labels {
			row = append(row, cell{labels.FormatLabels(s.Labels), Plain})
		}
		message := s.Message
		if s.State == report.Complete && s.Restart == nil {
			message = "" // the other columns show it
		}
		t.row(append(row, cell{message, Plain})...)
	}
	if !c.Wide && !c.Labels {
		t.fit("VOLUMES", "UPDATED")
	}
	return t.print(w)
}

// updatedColumn is the progress of the update by ordinal: "3-4 of 0-4".
func updatedColumn(s *report.Status) string {
	var on, all []sts.Ordinal
	for _, r := range s.Replicas {
		if r.Role == report.Leaving || r.Role == report.Orphaned {
			continue
		}
		all = append(all, r.Ordinal)
		if r.Revision != "" && r.Revision == s.UpdateRevision {
			on = append(on, r.Ordinal)
		}
	}
	switch {
	case len(all) == 0:
		return "-"
	case len(on) == len(all):
		return "all"
	}
	return strings.ReplaceAll(sts.FormatOrdinals(on), " ", "") + "/" + strings.ReplaceAll(sts.FormatOrdinals(all), " ", "")
}

func volumesColumn(s *report.Status) string {
	bound, all, left := 0, 0, 0
	for _, r := range s.Replicas {
		for _, c := range r.Claims {
			if r.Role == report.Orphaned {
				left++
				continue
			}
			all++
			if c.Phase == "Bound" {
				bound++
			}
		}
	}
	out := "-"
	if all > 0 {
		out = fmt.Sprintf("%d/%d", bound, all)
	}
	if left > 0 {
		out += fmt.Sprintf(" +%d", left)
	}
	return out
}

func imageList(images []report.ContainerImage) string {
	parts := make([]string, len(images))
	for i, c := range images {
		parts[i] = c.Container + "=" + c.Image
	}
	return strings.Join(parts, ",")
}

// StatusScreen prints one set in full: a header, a line per ordinal, highest
// first, and the message.
func StatusScreen(w io.Writer, s *report.Status, now time.Time, st Style) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %d/%d ready\n", st.Paint(Bold, "statefulset.apps/"+s.Name),
		st.Paint(stateTones[s.State], string(s.State)), s.ReadyReplicas, s.DesiredReplicas)
	field := func(name, format string, args ...any) {
		b.WriteString(st.Wrap("  "+st.Paint(Dim, fmt.Sprintf("%-9s", name))+"  ", 13, Plain, fmt.Sprintf(format, args...)))
	}
	field("Image", "%s", imageLine(s))
	field("Strategy", "%s", strategyLine(s))
	field("Revision", "%s", revisionLine(s))
	for _, c := range s.Conditions {
		if c.Status == "False" && c.Type == "Progressing" {
			continue // it only means that the update is complete
		}
		field("Condition", "%s", msgCondition(c, now))
	}
	if s.Service != nil {
		field("Service", "%s", serviceLine(s.Service))
	}
	for _, budget := range s.Budgets {
		field("PDB", "%s", msgBudget(budget))
	}
	for _, a := range s.Autoscalers {
		field("Scaled", "%s", msgScaledBy(a))
	}
	for _, m := range s.Managers {
		field("Managed", "%s", msgManagedBy(m.Name))
	}
	if c := s.Canary; c != nil && c.StartedAt != nil {
		field("Canary", "%s", started(*c.StartedAt, c.StartedBy, now))
	}
	if c := s.Canary; c != nil && c.Auto != nil {
		field("Auto", "%s", c.Auto.String())
	}
	if r := s.Restart; r != nil {
		field("Restart", "%s; %s", msgRestarted(len(r.Done), r.Left), started(r.StartedAt, r.StartedBy, now))
	}
	if r := s.Recovery; r != nil {
		field("Recovery", "%s", recoveryLine(r, now))
	}
	if s.Drain != nil {
		for _, line := range drainLines(s.Drain, now) {
			field(line[0], "%s", line[1])
		}
	}
	if d := s.Doctor; d != nil && d.Errors+d.Warnings > 0 {
		field("Doctor", "%s", msgDoctorCount(*d))
	}
	if s.Owner != nil {
		b.WriteString(st.Wrap("  "+st.Paint(Dim, "Locked by")+"  ", 13, Plain, msgLockedBy(s.Owner.Name, s.Owner.Command, now.Sub(s.Owner.Since))))
	}
	if len(s.Replicas) > 0 {
		b.WriteByte('\n')
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	if len(s.Replicas) > 0 {
		t := replicaTable(s, now, st)
		t.fit("AGE", "NODE", "RESTARTS")
		if err := t.print(w); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n"+st.Wrap("", 0, stateTones[s.State], s.Message)+Hint(s.Hint, st))
	return err
}

func recoveryLine(r *report.RecoveryStatus, now time.Time) string {
	if r.Pod == "" {
		return msgTaintedNodes(r.TaintedNodes)
	}
	return msgRecovery(r.Pod, r.Node, string(r.Action)) + "; " + started(*r.StartedAt, r.StartedBy, now)
}

func started(at metav1.Time, by string, now time.Time) string {
	return msgStarted(now.Sub(at.Time), by)
}

func imageLine(s *report.Status) string {
	line := strings.ReplaceAll(imageList(s.Images), ",", ", ")
	if s.Canary != nil && len(s.Canary.StableImages) > 0 {
		line += "  (stable: " + strings.ReplaceAll(imageList(s.Canary.StableImages), ",", ", ") + ")"
	}
	return line
}

func strategyLine(s *report.Status) string {
	strategy := s.UpdateStrategy
	if s.UpdateFrom != nil && s.Partition > 0 {
		strategy += ", " + msgPartition(s.Partition, *s.UpdateFrom, *s.UpdateFrom >= s.StartOrdinal+sts.Ordinal(s.DesiredReplicas))
	}
	if s.PodManagement != "" {
		strategy += ", " + s.PodManagement
	}
	if s.StartOrdinal != 0 {
		strategy += ", " + msgOrdinalsStart(s.StartOrdinal)
	}
	return strategy
}

func revisionLine(s *report.Status) string {
	if s.StableRevision == s.UpdateRevision {
		return s.UpdateRevision
	}
	return msgRevisions(s.StableRevision, s.UpdateRevision, s.UpdatedReplicas, s.DesiredReplicas)
}

func serviceLine(s *report.ServiceStatus) string {
	switch {
	case s.Found == nil:
		return msgServiceUnreadable(s.Name)
	case !*s.Found:
		return msgServiceNotFound(s.Name)
	case !s.Headless:
		return msgServiceNotHeadless(s.Name)
	}
	return msgServiceHeadless(s.Name)
}

// replicaTable has a line for each ordinal. While pods run more than one revision
// it is a tree: the revisions with their images, and their ordinals below them.
func replicaTable(s *report.Status, now time.Time, st Style) *table {
	t := &table{style: st, indent: "  "}
	soaks := slices.ContainsFunc(s.Replicas, func(r report.ReplicaStatus) bool { return r.SoakedAt != nil })
	titles := []string{"POD", "ROLE", "READY", "RESTARTS", "AGE", "NODE", "CLAIMS"}
	if soaks {
		titles = slices.Insert(titles, 3, "SOAK")
	}
	t.header(titles...)
	// Orphaned claims come after the pods, whatever their ordinals.
	replicas := slices.Clone(s.Replicas)
	slices.SortStableFunc(replicas, func(a, b report.ReplicaStatus) int {
		return sts.CompareBool(a.Role == report.Orphaned, b.Role == report.Orphaned)
	})
	tree := branches(replicas) > 1
	for i := 0; i < len(replicas); i++ {
		r := replicas[i]
		if tree && (i == 0 || !sameBranch(replicas[i-1], r)) {
			t.row(cell{branchTitle(s, r), Bold})
		}
		run := 1
		if st.Fold {
			run = healthyRun(replicas[i:])
		}
		i += run - 1
		name := r.Pod
		if run > 1 {
			name = fmt.Sprintf("%d-%d", r.Ordinal, replicas[i].Ordinal)
		}
		switch {
		case tree && (i == len(replicas)-1 || !sameBranch(r, replicas[i+1])):
			name = "└─ " + name
		case tree:
			name = "├─ " + name
		}
		if run > 1 {
			row := []cell{{name, Plain}, {sts.Words(r.Role), roleTones[r.Role]}, {"ready", Good}, {}, {}, {}, {sts.Count(run, "pod"), Dim}}
			if soaks {
				row = slices.Insert(row, 3, cell{})
			}
			t.row(row...)
			continue
		}
		node, restarts, age := r.Node, strconv.Itoa(int(r.Restarts)), "-"
		if r.Role == report.Orphaned || r.Role == report.Missing || r.Role == report.Unknown {
			restarts = "-"
		}
		if node == "" {
			node = "-"
		}
		if r.CreatedAt != nil {
			age = sts.Age(now.Sub(r.CreatedAt.Time))
		}
		ready, tone := readyColumn(r, now)
		row := []cell{{name, Plain}, {sts.Words(r.Role), roleTones[r.Role]}, {ready, tone},
			{restarts, Plain}, {age, Plain}, {node, Plain}, {claimColumn(r), Plain}}
		if soaks {
			row = slices.Insert(row, 3, soakColumn(s, r, now))
		}
		t.row(row...)
	}
	return t
}

// healthyRun is how many pods from the first on are healthy and differ only in their ordinals, 1 where so few that
// they are not worth a line of their own.
func healthyRun(replicas []report.ReplicaStatus) int {
	const least = 3
	n := 0
	for n < len(replicas) && healthy(&replicas[n]) && replicas[n].Role == replicas[0].Role && sameBranch(replicas[n], replicas[0]) {
		n++
	}
	if n < least {
		return 1
	}
	return n
}

func healthy(r *report.ReplicaStatus) bool {
	if !r.Ready || r.Trouble != nil || r.Terminating || r.SoakedAt != nil || r.Restarts > 0 {
		return false
	}
	return !slices.ContainsFunc(r.Claims, func(c report.ClaimStatus) bool { return claimPhase(c) != "Bound" })
}

// orphaned is what remains of an ordinal beyond the desired range: its claims.
const orphaned = "orphaned"

// branches is the number of revisions that the pods run.
func branches(replicas []report.ReplicaStatus) int {
	seen := map[string]bool{}
	for _, r := range replicas {
		if r.Revision != "" {
			seen[r.Revision] = true
		}
	}
	return len(seen)
}

func sameBranch(a, b report.ReplicaStatus) bool {
	return a.Revision == b.Revision && (a.Role == report.Orphaned) == (b.Role == report.Orphaned)
}

// branchTitle is a revision with its images.
func branchTitle(s *report.Status, r report.ReplicaStatus) string {
	switch {
	case r.Role == report.Orphaned:
		return orphaned
	case r.Revision == "":
		return "no pod"
	}
	images := slices.Clone(s.Images)
	for i, c := range images {
		for _, other := range r.Images {
			if other.Container == c.Container {
				images[i] = other
			}
		}
	}
	title := r.Revision
	switch r.Revision { // before the images, which a narrow terminal cuts
	case s.UpdateRevision:
		title += "  (update)"
	case s.StableRevision:
		title += "  (stable)"
	}
	return title + "  " + strings.ReplaceAll(imageList(images), ",", ", ")
}

// soakColumn is how long the pod must still be Ready before its canary continues.
func soakColumn(s *report.Status, r report.ReplicaStatus, now time.Time) cell {
	switch {
	case r.SoakedAt != nil:
		return cell{msgSoakLeft(r.SoakedAt.Sub(now)), Warn}
	case r.Revision == s.UpdateRevision && r.Available:
		return cell{"done", Good}
	}
	return cell{"-", Dim}
}

func readyColumn(r report.ReplicaStatus, now time.Time) (string, Tone) {
	switch {
	case r.Role == report.Orphaned || r.Role == report.Unknown:
		return "-", Dim
	case r.Trouble != nil && r.Trouble.Failing:
		return r.Trouble.Reason, Bad
	case r.Trouble != nil:
		return r.Trouble.Reason, Warn
	case r.Terminating:
		return "Terminating", Warn
	case r.Ready && r.ReadySince != nil:
		return msgReady(now.Sub(r.ReadySince.Time)), Good
	}
	return "no", Warn
}

// claimColumn names a claim by its template: the rest of its name is the pod's.
func claimColumn(r report.ReplicaStatus) string {
	if len(r.Claims) == 0 {
		return "-"
	}
	parts := make([]string, len(r.Claims))
	for i, c := range r.Claims {
		parts[i] = strings.TrimSpace(strings.TrimSuffix(c.Name, "-"+r.Pod) + " " + claimPhase(c) + " " + c.Size)
	}
	return strings.Join(parts, ", ")
}

// claimPhase is the claim's phase, or that it or its volume is being deleted.
func claimPhase(c report.ClaimStatus) string {
	switch {
	case c.Rescued:
		return "Terminating (rescued)"
	case c.DeletionTimestamp != nil:
		return "Terminating"
	case c.Risk != nil && (c.Risk.Reason == diagnose.VolumeIsTerminating || c.Risk.Reason == diagnose.VolumeIsMissing || c.Risk.Reason == diagnose.VolumeIsTaken):
		return c.Phase + " (" + string(c.Risk.Reason) + ")"
	}
	return c.Phase
}

// StatusLine is one set in one line, for logs: the output of -w without a terminal.
func StatusLine(s *report.Status) string {
	return OneLine(msgStatusLine(s.Name, s.State, s.ReadyReplicas, s.DesiredReplicas, s.Message))
}

// Hint is a hint on lines of its own, nothing when there is none.
func Hint(hint sts.Hint, st Style) string { return st.hint("", hint) }

// hint breaks texts at words to fit the width, but no command: each can be pasted.
func (s Style) hint(indent string, hint sts.Hint) string {
	var b strings.Builder
	prefix, width := s.arrow(indent)
	for _, line := range hint.Lines() {
		words := strings.Fields(line.Text)
		if line.Command != nil {
			words = append(words, OneLine(line.Command.String()))
		}
		b.WriteString(s.wrap(prefix, width, Plain, words))
		prefix = strings.Repeat(" ", width)
	}
	return b.String()
}

var ages = regexp.MustCompile(`\b(\d+[ydhms])+\b`)

// Ageless is a line without its ages, to tell new lines from those in which only
// time has passed.
func Ageless(line string) string { return ages.ReplaceAllString(line, "") }

// Missing prints what could not be read.
func Missing(w io.Writer, missing []sts.Missing) {
	for _, m := range missing {
		fmt.Fprintln(w, OneLine(msgUnreadable(m.Resource, m.Reason)))
	}
}
