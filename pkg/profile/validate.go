package profile

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
)

var commandName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// validate checks what the types alone cannot express.
func (r *reader) validate(p *Profile) {
	r.head(p)
	r.match(p.Match)
	if p.Refuse != "" {
		r.refusal(p)
		return
	}
	if len(p.Drain) == 0 {
		r.wrong("drain", msgDrainRequired())
	}
	r.captured = map[string]Section{}
	for _, rules := range Sections {
		for _, c := range p.Commands(rules.Section) {
			for name := range c.Capture {
				r.captured[name] = rules.Section
			}
		}
	}
	// What runs after drain has started may use only what was captured before it, because only
	// that is recorded for a command that resumes.
	fromPrecheck := scope{}
	for _, rules := range Sections {
		vars := scope{}
		switch rules.Section {
		case Drain, UntilGone, Cancel, After:
			vars = maps.Clone(fromPrecheck)
		}
		r.commands(rules, p.Commands(rules.Section), vars)
		if rules.Section == Precheck {
			fromPrecheck = vars
		}
	}
	r.until(p)
	if j := p.Join; j != nil && len(j.Before)+len(j.Started)+len(j.After) == 0 {
		r.wrong("join", msgJoinEmpty())
	}
}

func (r *reader) head(p *Profile) {
	if p.APIVersion != APIVersion {
		r.wrong("apiVersion", msgMustBe(APIVersion))
	}
	if p.Kind != Kind {
		r.wrong("kind", msgMustBe(Kind))
	}
	name := p.Metadata.Name
	if bad := validation.IsDNS1123Label(name); len(bad) > 0 {
		r.wrong("metadata.name", msgName("etcd or my-queue"))
	} else if name == None {
		r.wrong("metadata.name", msgNoneReserved())
	}
	if p.System == "" {
		r.wrong("system", msgSystemRequired())
	}
	for i, address := range p.Documentation {
		if !strings.HasPrefix(address, "https://") {
			r.wrong(fmt.Sprintf("documentation[%d]", i), msgAddress())
		}
	}
}

func (r *reader) match(m Match) {
	for i, p := range m.Images {
		at := fmt.Sprintf("match.images[%d]", i)
		if _, err := path.Match(p, ""); err != nil {
			r.wrong(at, msgImagePattern(p, err))
		} else if repositoryOf(p) != p || strings.Trim(p, "/") != p {
			r.wrong(at, msgImageRepository(p))
		}
	}
	for i, text := range m.Labels {
		selector, err := labels.Parse(text)
		at := fmt.Sprintf("match.labels[%d]", i)
		if err != nil {
			r.wrong(at, msgSelector(text, err))
		} else if selector.Empty() {
			r.wrong(at, msgSelectsAll())
		}
	}
}

func (r *reader) refusal(p *Profile) {
	for _, rules := range Sections {
		if len(p.Commands(rules.Section)) > 0 {
			r.wrong(rules.Path, msgRefuses())
		}
	}
	if p.Tested != "" {
		r.wrong("tested", msgRefuses())
	}
}

func (r *reader) until(p *Profile) {
	switch u := p.Until; {
	case u == nil:
		r.wrong("until", msgUntilRequired())
	case len(u.Commands) == 0:
		r.wrong("until.commands", msgRequired())
	case u.Successes < 0:
		r.wrong("until.successes", msgAtLeastOne())
	}
	if p.Until != nil && r.at["until.successes"] != nil && p.Until.Successes == 0 {
		r.wrong("until.successes", msgAtLeastOne())
	}
	for i, c := range p.Commands(UntilGone) {
		if c.Retries != 0 {
			r.wrong(fmt.Sprintf("until.commands[%d].retries", i), msgUntilRetries())
		}
	}
}

// scope is which captured values there are, by name, and the command that captures them.
type scope map[string]*Command

func (r *reader) commands(rules Rules, list []Command, vars scope) {
	seen := map[string]bool{}
	for i := range list {
		c := &list[i]
		at := fmt.Sprintf("%s[%d]", rules.Path, i)
		switch {
		case !commandName.MatchString(c.Name):
			r.wrong(at+".name", msgName("remove-member"))
		case seen[c.Name]:
			r.wrong(at+".name", msgDuplicateCommand(c.Name))
		}
		seen[c.Name] = true
		if c.On != "" && !slices.Contains(rules.Places, c.On) {
			r.wrong(at+".on", msgOn(c.Name, c.On, rules.Section, rules.Places, misplaced(c.On, rules)))
		}
		if c.Container != "" && c.On == Here {
			r.wrong(at+".container", msgContainerHere(c.Name))
		}
		if len(c.Command) == 0 {
			r.wrong(at+".command", msgCommandRequired())
		}
		if c.Retries < 0 {
			r.wrong(at+".retries", msgNegative())
		}
		if c.Retries == 0 && c.Pause.Duration > 0 {
			r.wrong(at+".pause", msgPause())
		}
		for k, code := range c.ExitCodes {
			if code < 0 || code > 255 {
				r.wrong(fmt.Sprintf("%s.exitCodes[%d]", at, k), msgExitCode())
			}
		}
		r.variables(c, at, vars)
		r.captures(c, at, vars)
	}
}

// misplaced is why a command of the section cannot run there, where that is not obvious.
func misplaced(on Where, rules Rules) string {
	switch {
	case on == Leaving && rules.Section == UntilGone:
		return msgOnLeavingInUntil()
	case on == Leaving && rules.Section == After:
		return msgOnLeavingInAfter()
	case on == Joining && rules.Section == JoinBefore:
		return msgOnJoiningInBefore()
	}
	return ""
}

// variables checks every text of the command that may hold variables.
func (r *reader) variables(c *Command, at string, vars scope) {
	check := func(text, at string) {
		for _, name := range uses(text) {
			r.variable(c, name, at, vars)
		}
	}
	for i, arg := range c.Command {
		at := fmt.Sprintf("%s.command[%d]", at, i)
		check(arg, at)
		if i == script(c.Command) {
			for _, name := range uses(arg) {
				if !known(name) {
					r.wrong(at, msgScript(c.Name, name))
				}
			}
		}
	}
	expression := func(text, at string) *regexp.Regexp {
		check(text, at)
		re, err := pattern(text, func(string) (string, error) { return "", nil })
		if err != nil {
			r.wrong(at, msgRegexp(c.Name, strings.Replace(err.Error(), "(?m)", "", 1)))
		}
		return re
	}
	for field, when := range map[string]map[string]string{"if": c.If, "unless": c.Unless} {
		for _, name := range slices.Sorted(maps.Keys(when)) {
			at := at + "." + field + "." + name
			r.variable(c, name, at, vars)
			expression(when[name], at)
		}
	}
	for i, text := range c.Expect {
		expression(text, fmt.Sprintf("%s.expect[%d]", at, i))
	}
	for i, text := range c.Reject {
		expression(text, fmt.Sprintf("%s.reject[%d]", at, i))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Capture)) {
		at := at + ".capture." + name
		if re := expression(c.Capture[name], at); re != nil && re.NumSubexp() != 1 {
			r.wrong(at, msgGroups(c.Name, re.NumSubexp()))
		}
	}
}

// variable checks that there is a value whenever the command runs.
func (r *reader) variable(c *Command, name, at string, vars scope) {
	if known(name) {
		return
	}
	from, ok := vars[name]
	section, elsewhere := r.captured[name]
	switch {
	case !ok && elsewhere:
		r.wrong(at, msgVariableScope(c.Name, name, section))
	case !ok:
		r.wrong(at, msgVariableUnknown(c.Name, name))
	case !includes(c.If, from.If) || !includes(c.Unless, from.Unless):
		r.wrong(at, msgVariableConditional(c.Name, name, from.Name))
	}
}

func includes(all, part map[string]string) bool {
	for name, text := range part {
		if has, ok := all[name]; !ok || has != text {
			return false
		}
	}
	return true
}

func allNames() string {
	names := make([]string, len(Variables))
	for i, v := range Variables {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}

// captures checks the names of what a command captures, and adds them to the scope.
func (r *reader) captures(c *Command, at string, vars scope) {
	for _, name := range slices.Sorted(maps.Keys(c.Capture)) {
		at := at + ".capture." + name
		switch other := vars[name]; {
		case !variableName.MatchString(name):
			r.wrong(at, msgCaptureName(c.Name, name))
		case known(name):
			r.wrong(at, msgCapturePredefined(c.Name, name))
		case other != nil:
			r.wrong(at, msgCaptureTwice(c.Name, name, other.Name))
		default:
			vars[name] = c
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Else)) {
		at := at + ".else." + name
		if _, ok := c.Capture[name]; !ok {
			r.wrong(at, msgElseUnused(c.Name, name))
		}
		if bad := badValue(c.Else[name]); bad != "" {
			r.wrong(at, msgElseValue(c.Name, bad))
		}
	}
}

// script is the index of a shell's script in an argument list, or -1.
func script(argv []string) int {
	shell := false
	for i, arg := range argv {
		switch {
		case slices.Contains([]string{"sh", "bash", "ash", "dash", "ksh", "zsh"}, path.Base(arg)):
			shell = true
		case shell && strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && strings.Contains(arg, "c"):
			return i + 1
		}
	}
	return -1
}
