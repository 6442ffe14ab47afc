// Package guard has the conditions that each verb requires, as data: the docs list them, and tests
// demand some of every verb.
package guard

// Moment is when a guard is checked.
type Moment string

const (
	// Always is at every look at the cluster, before anything else.
	Always Moment = "always"
	// BeforeStart is until the command has written for the first time.
	BeforeStart Moment = "before the start"
	// InProgress is while something continues that was started before.
	InProgress Moment = "while in progress"
	// BeforeStep is before each write after which a pod may go down or a member joins.
	BeforeStep Moment = "before each step"
)

// Rule is one condition that a verb requires, made by [NewRule].
type Rule struct {
	name, refuses string
	when          Moment
}

// NewRule is a rule: its name, what is refused or waited for, and when.
func NewRule(name, refuses string, when Moment) Rule {
	return Rule{name: name, refuses: refuses, when: when}
}

// Name stands for the same condition in every verb.
func (r Rule) Name() string { return r.name }

// Refuses is what is refused or waited for, for the docs.
func (r Rule) Refuses() string { return r.refuses }

// When is when the condition is checked.
func (r Rule) When() Moment { return r.when }

// At is the rule at another moment.
func (r Rule) At(when Moment) Rule {
	r.when = when
	return r
}

// Guard is a rule with its check, made by [New]. L is what the check looks at, and D the type of the
// decision.
type Guard[L, D any] struct {
	Rule
	check func(L) *D
}

// New is a guard: a rule with its check, which returns nil when the condition is met. Otherwise the
// decision is to refuse or to wait, that there is nothing to do, or a step that comes first.
func New[L, D any](r Rule, check func(L) *D) Guard[L, D] {
	return Guard[L, D]{Rule: r, check: check}
}

// Check is the decision of the check.
func (g Guard[L, D]) Check(l L) *D { return g.check(l) }

// At is the guard at another moment.
func (g Guard[L, D]) At(when Moment) Guard[L, D] {
	g.Rule = g.Rule.At(when)
	return g
}

// List are the guards of a verb, in the order in which they are checked.
type List[L, D any] []Guard[L, D]

// Require checks the guards of one moment, and returns the decision of the first whose condition
// is not met.
func (gs List[L, D]) Require(when Moment, l L) *D {
	for _, g := range gs {
		if g.when != when {
			continue
		}
		if d := g.Check(l); d != nil {
			return d
		}
	}
	return nil
}

// Rules are the conditions without their checks.
func (gs List[L, D]) Rules() []Rule {
	var out []Rule
	for _, g := range gs {
		out = append(out, g.Rule)
	}
	return out
}

// The names of the rules that every verb has, or says why it does without.
const (
	Lock           = "lock"
	ScaleOperation = "scale operation"
	Claims         = "claims"
)

// Required are the names of the rules that every verb has, or does [Verb.Without].
func Required() []string { return []string{Lock, ScaleOperation, Claims} }

// Verb is a command that writes, and what it requires.
type Verb struct {
	// Name is the command without "kubectl sts", with the option that makes it another verb.
	Name string
	// Case is what the verb is limited to, empty for nothing.
	Case string
	// Rules are in the order in which they are checked.
	Rules []Rule
	// Without is why the verb does without a required rule, by the rule's name.
	Without map[string]string
	// Intent decides about the verb.
	Intent any
}
