package profile

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The apiVersion of profiles, the kind of one and of a list.
const (
	APIVersion = "kubectl-sts.dev/v1alpha1"
	Kind       = "DrainProfile"
	ListKind   = Kind + "List"
)

// List is a list of profiles.
type List struct {
	metav1.TypeMeta `json:",inline"`
	// Items are the profiles.
	Items []*Profile `json:"items"`
}

// Profile is how members of one system leave and join.
//
// [Parse] returns one with all defaults filled in.
type Profile struct {
	metav1.TypeMeta `json:",inline"`
	// Metadata is the name.
	Metadata Metadata `json:"metadata"`
	// System is the name of the system, for display.
	System string `json:"system"`
	// Description is what the profile does, and what it requires.
	Description string `json:"description,omitempty"`
	// Tested is the version it was tested with; absent if it was only written from the documentation.
	Tested string `json:"tested,omitempty"`
	// Documentation are links to the system's own procedure.
	Documentation []string `json:"documentation,omitempty"`
	// Match are the StatefulSets it applies to.
	Match Match `json:"match,omitzero"`
	// Refuse is why members cannot leave one by one; such a profile has no commands.
	Refuse string `json:"refuse,omitempty"`
	// Precheck are commands that are run before anything is changed.
	Precheck []Command `json:"precheck,omitempty"`
	// Drain are commands that make the member leave.
	Drain []Command `json:"drain,omitempty"`
	// Until is how a remaining member confirms that this one has left; required unless
	// [Profile.Refuse] is set.
	//
	// It is nil if and only if Refuse is set.
	Until *Until `json:"until,omitempty"`
	// Cancel are commands that are run when the drain failed or was cancelled and the member has not
	// left.
	Cancel []Command `json:"cancel,omitempty"`
	// After are commands that are run after the pod is gone.
	After []Command `json:"after,omitempty"`
	// Join is what to do when a new member starts.
	Join *Join `json:"join,omitempty"`
}

// Metadata is the metadata of a profile.
type Metadata struct {
	// Name is the name of the profile.
	Name string `json:"name"`
}

// Match are the StatefulSets that a profile applies to: one matching image, or one matching label
// selector, is enough.
type Match struct {
	// Images are patterns for the repository of a container's image, compared from its end in whole
	// parts: `etcd` matches `quay.io/coreos/etcd:v3.6.4`, `bitnami/etcd` matches only that one; a part
	// may contain `*` and `?`.
	Images []string `json:"images,omitempty"`
	// Labels are label selectors for the pod template or the set; one match is enough. An image takes
	// precedence over a label.
	Labels []string `json:"labels,omitempty"`
}

// Where is where a command runs.
type Where string

// The places.
const (
	// Leaving: in the pod of the member that leaves.
	Leaving Where = "leaving"
	// Joining: in the pod of the member that joins.
	Joining Where = "joining"
	// Survivor: in a pod that stays.
	Survivor Where = "survivor"
	// Here: on the machine that runs kubectl.
	Here Where = "here"
)

// Command is one command and what counts as success.
type Command struct {
	// Name is the name, unique in its section.
	Name string `json:"name"`
	// Why is its purpose, in a few words.
	Why string `json:"why,omitempty"`
	// On is where it runs; by default the first place that is listed for the section.
	//
	// It is never empty after [Parse].
	On Where `json:"on,omitempty"`
	// Container is the container; by default the pod's default container
	// (`kubectl.kubernetes.io/default-container`), the one whose image the profile matches, or the
	// first.
	//
	// See [Profile.Container].
	Container string `json:"container,omitempty"`
	// Command is the list of arguments; it is run without a shell, unless it starts one: `[sh, -c,
	// …]`.
	Command []string `json:"command"`
	// If are regular expressions by variable: it runs only if all of them match.
	If map[string]string `json:"if,omitempty"`
	// Unless are regular expressions by variable: it runs only if none of them matches.
	Unless map[string]string `json:"unless,omitempty"`
	// ExitCodes are the exit codes that mean success; default 0.
	ExitCodes []int `json:"exitCodes,omitempty"`
	// Expect are regular expressions that must all match standard output.
	Expect []string `json:"expect,omitempty"`
	// Reject are regular expressions that must not match standard output.
	Reject []string `json:"reject,omitempty"`
	// Capture are values for later commands: a regular expression by variable, with one group around
	// the value.
	Capture map[string]string `json:"capture,omitempty"`
	// Else is the value of a captured variable if nothing matches; without it the command then fails.
	Else map[string]string `json:"else,omitempty"`
	// Timeout is the maximum duration of one attempt; default [DefaultTimeout].
	Timeout metav1.Duration `json:"timeout,omitzero"`
	// Retries is the number of retries after a failure; default none.
	Retries int `json:"retries,omitempty"`
	// Pause is the time between two attempts; default [DefaultPause].
	Pause metav1.Duration `json:"pause,omitzero"`
	// Hint is what to do if it fails.
	Hint string `json:"hint,omitempty"`
}

// Until is the check that the member has left. It runs on a member that stays.
//
// The Retries of its commands are not needed: the check is repeated anyway.
type Until struct {
	// Commands are the commands, run one after the other; the check passes if all of them succeed.
	Commands []Command `json:"commands"`
	// Successes is how often in a row the check must pass; default [DefaultSuccesses].
	Successes int `json:"successes,omitempty"`
	// Interval is the time between two checks; default [DefaultInterval].
	Interval metav1.Duration `json:"interval,omitzero"`
	// Timeout is the maximum time, counted from the first check; default [DefaultUntilTimeout].
	Timeout metav1.Duration `json:"timeout,omitzero"`
}

// Join are the commands that are run when a new member starts.
type Join struct {
	// Before are commands that are run before the set is scaled up: the new pod does not exist yet.
	Before []Command `json:"before,omitempty"`
	// Started are commands that are run when the new pod's containers run, for what it needs to become
	// ready.
	//
	// They wait by their Retries: a learner has to be promoted before it can become ready.
	Started []Command `json:"started,omitempty"`
	// After are commands that are run when the new pod is ready.
	After []Command `json:"after,omitempty"`
}

// The defaults.
const (
	DefaultTimeout      = time.Minute
	DefaultPause        = 5 * time.Second
	DefaultSuccesses    = 3
	DefaultInterval     = 5 * time.Second
	DefaultUntilTimeout = 10 * time.Minute
)

// Section is one of a profile's lists of commands.
type Section string

// The sections in their order.
const (
	Precheck    Section = "precheck"
	Drain       Section = "drain"
	UntilGone   Section = "until"
	Cancel      Section = "cancel"
	After       Section = "after"
	JoinBefore  Section = "join.before"
	JoinStarted Section = "join.started"
	JoinAfter   Section = "join.after"
)

// Rules are the rules for the commands of one section.
type Rules struct {
	Section Section
	// Path is the path of the list in the file.
	Path string
	// Places are where its commands may run, the default first.
	Places []Where
	// When is when they run.
	When string
}

// Sections are all sections with their rules, in their order.
var Sections = []Rules{
	{Precheck, "precheck", []Where{Survivor, Leaving, Here},
		"before anything is changed, to refuse what would fail and to find out the member's ID; read-only"},
	{Drain, "drain", []Where{Leaving, Survivor, Here},
		"makes the member leave; every command must be safe to run again after it was interrupted"},
	{UntilGone, "until.commands", []Where{Survivor, Here},
		"after drain, repeatedly, until a member that stays reports that this one has left"},
	{Cancel, "cancel", []Where{Leaving, Survivor, Here},
		"when the drain failed or was cancelled and the member has not left"},
	{After, "after", []Where{Survivor, Here},
		"after the pod is gone"},
	{JoinBefore, "join.before", []Where{Survivor, Here},
		"before the set is scaled up; the new pod does not exist yet"},
	{JoinStarted, "join.started", []Where{Survivor, Joining, Here},
		"when the new pod's containers run, for what it needs to become ready"},
	{JoinAfter, "join.after", []Where{Survivor, Joining, Here},
		"when the new pod is ready"},
}

// Commands are those of one section, in their order.
func (p *Profile) Commands(s Section) []Command {
	if list := p.list(s); list != nil {
		return *list
	}
	return nil
}

// list points to a section's commands, nil where the profile has none.
func (p *Profile) list(s Section) *[]Command {
	switch s {
	case Precheck:
		return &p.Precheck
	case Drain:
		return &p.Drain
	case UntilGone:
		if p.Until != nil {
			return &p.Until.Commands
		}
	case Cancel:
		return &p.Cancel
	case After:
		return &p.After
	case JoinBefore:
		if p.Join != nil {
			return &p.Join.Before
		}
	case JoinStarted:
		if p.Join != nil {
			return &p.Join.Started
		}
	case JoinAfter:
		if p.Join != nil {
			return &p.Join.After
		}
	}
	return nil
}

// setDefaults fills in what the file omits.
func (p *Profile) setDefaults() {
	orElse := func(d *metav1.Duration, otherwise time.Duration) {
		if d.Duration == 0 {
			d.Duration = otherwise
		}
	}
	for _, rules := range Sections {
		list := p.Commands(rules.Section)
		for i := range list {
			c := &list[i]
			if c.On == "" {
				c.On = rules.Places[0]
			}
			if len(c.ExitCodes) == 0 {
				c.ExitCodes = []int{0}
			}
			orElse(&c.Timeout, DefaultTimeout)
			if c.Retries > 0 {
				orElse(&c.Pause, DefaultPause)
			}
		}
	}
	if u := p.Until; u != nil {
		if u.Successes == 0 {
			u.Successes = DefaultSuccesses
		}
		orElse(&u.Interval, DefaultInterval)
		orElse(&u.Timeout, DefaultUntilTimeout)
	}
}
