package profile

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The apiVersion and kind of a profile.
const (
	APIVersion = "kubectl-sts.dev/v1alpha1"
	Kind       = "DrainProfile"
)

// Profile is how members of one system leave and join. [Parse] returns one with all defaults
// filled in.
type Profile struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        Metadata `json:"metadata"`
	// System is the display name of the system.
	System      string `json:"system"`
	Description string `json:"description,omitempty"`
	// Tested is the version that the profile was tested with; empty for one that was only written
	// from the documentation.
	Tested string `json:"tested,omitempty"`
	// Documentation are the addresses of the system's own procedure.
	Documentation []string `json:"documentation,omitempty"`
	Match         Match    `json:"match,omitzero"`
	// Refuse is why members of this system cannot be removed one by one. Such a profile has no
	// commands.
	Refuse   string    `json:"refuse,omitempty"`
	Precheck []Command `json:"precheck,omitempty"`
	Drain    []Command `json:"drain,omitempty"`
	// Until is nil if and only if Refuse is set.
	Until  *Until    `json:"until,omitempty"`
	Cancel []Command `json:"cancel,omitempty"`
	After  []Command `json:"after,omitempty"`
	Join   *Join     `json:"join,omitempty"`
}

// Metadata holds the name.
type Metadata struct {
	Name string `json:"name"`
}

// Match says which StatefulSets a profile is for: one of the images, or one of the
// label selectors, is enough.
type Match struct {
	// Images are patterns for the repository of a container's image, compared from the end in
	// whole parts: etcd matches quay.io/coreos/etcd, bitnami/etcd only that one. A part may contain
	// the wildcards * and ?.
	Images []string `json:"images,omitempty"`
	// Labels are label selectors for the pod template, or for the set.
	Labels []string `json:"labels,omitempty"`
}

// Where is where a command runs.
type Where string

// The places.
const (
	Leaving  Where = "leaving"
	Joining  Where = "joining"
	Survivor Where = "survivor"
	Here     Where = "here"
)

// Command is one command and what counts as success.
type Command struct {
	// Name is unique in its section.
	Name string `json:"name"`
	// Why is what it does, as a step of a plan.
	Why string `json:"why,omitempty"`
	// On is never empty after Parse.
	On Where `json:"on,omitempty"`
	// Container is the container's name; empty for the one that [Profile.Container] returns.
	Container string `json:"container,omitempty"`
	// Command is an argument list; it is not run in a shell.
	Command []string `json:"command"`
	// If and Unless are regular expressions by variable: the command runs when all of
	// If match and none of Unless does.
	If     map[string]string `json:"if,omitempty"`
	Unless map[string]string `json:"unless,omitempty"`
	// ExitCodes are those of success.
	ExitCodes []int `json:"exitCodes,omitempty"`
	// Expect and Reject are regular expressions: all of Expect have to match standard
	// output, and none of Reject may.
	Expect []string `json:"expect,omitempty"`
	Reject []string `json:"reject,omitempty"`
	// Capture takes values from standard output: a regular expression with one group by
	// the variable's name. Else is the value where one does not match; without it the
	// command has failed.
	Capture map[string]string `json:"capture,omitempty"`
	Else    map[string]string `json:"else,omitempty"`
	// Timeout is the maximum time for one try.
	Timeout metav1.Duration `json:"timeout,omitzero"`
	// Retries is how often it is retried when it failed, Pause the time between two tries.
	Retries int             `json:"retries,omitempty"`
	Pause   metav1.Duration `json:"pause,omitzero"`
	// Hint is what the user can do when it failed.
	Hint string `json:"hint,omitempty"`
}

// Until is the check that the member has left. It runs on one that stays: the commands run one
// after the other, and the member has left when all of them succeed. Their Retries are not needed:
// the check is repeated anyway.
type Until struct {
	Commands []Command `json:"commands"`
	// Successes is how often in a row the check has to succeed.
	Successes int `json:"successes,omitempty"`
	// Interval is the time between two checks.
	Interval metav1.Duration `json:"interval,omitzero"`
	// Timeout is the maximum time from the first check on.
	Timeout metav1.Duration `json:"timeout,omitzero"`
}

// Join is what has to be done around the start of a new member.
type Join struct {
	// Before runs before the set is scaled up: the pod does not exist yet.
	Before []Command `json:"before,omitempty"`
	// Started runs when the new pod's containers run, for what has to be done before it can become
	// ready: a learner has to be promoted. It waits by Retries.
	Started []Command `json:"started,omitempty"`
	// After runs when the new pod is ready.
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
