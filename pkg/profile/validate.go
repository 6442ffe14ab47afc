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

// validate says what the types alone cannot hold.
func (r *reader) validate(p *Profile) {
	r.head(p)
	r.match(p.Match)
	if p.Refuse != "" {
		r.refusal(p)
		return
	}
	if len(p.Drain) == 0 {
		r.wrong("drain", "is missing: say how a member leaves, or with refuse why it cannot")
	}
	r.captured = map[string]string{}
	for _, rules := range Sections {
		for _, c := range p.Commands(rules.Section) {
			for name := range c.Capture {
				r.captured[name] = string(rules.Section)
			}
		}
	}
	// What runs after something of drain may have run can count only on what was
	// captured before it, so that it is known when a killed command is taken up again.
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
		r.wrong("join", "has none of before, started and after")
	}
}

func (r *reader) head(p *Profile) {
	if p.APIVersion != APIVersion {
		r.wrong("apiVersion", "has to be %s", APIVersion)
	}
	if p.Kind != Kind {
		r.wrong("kind", "has to be %s", Kind)
	}
	name := p.Metadata.Name
	if bad := validation.IsDNS1123Label(name); len(bad) > 0 {
		r.wrong("metadata.name", "has to be a name like etcd or my-queue")
	} else if name == None {
		r.wrong("metadata.name", "%q is what the annotation %s says for no profile at all", None, Annotation)
	}
	if p.System == "" {
		r.wrong("system", "is missing: the system's name, for people")
	}
	for i, address := range p.Documentation {
		if !strings.HasPrefix(address, "https://") {
			r.wrong(fmt.Sprintf("documentation[%d]", i), "has to be an address that begins with https://")
		}
	}
}

func (r *reader) match(m Match) {
	for i, p := range m.Images {
		at := fmt.Sprintf("match.images[%d]", i)
		if _, err := path.Match(p, ""); err != nil {
			r.wrong(at, "%q is not a pattern: %s", p, err)
		} else if repositoryOf(p) != p || strings.Trim(p, "/") != p {
			r.wrong(at, "%q has to be a repository without tag and digest, like etcd or coreos/etcd", p)
		}
	}
	for i, text := range m.Labels {
		selector, err := labels.Parse(text)
		at := fmt.Sprintf("match.labels[%d]", i)
		if err != nil {
			r.wrong(at, "%q is not a label selector: %s", text, err)
		} else if selector.Empty() {
			r.wrong(at, "selects everything")
		}
	}
}

func (r *reader) refusal(p *Profile) {
	for _, rules := range Sections {
		if len(p.Commands(rules.Section)) > 0 {
			r.wrong(rules.Path, "is never run: the profile refuses")
		}
	}
	if p.Tested != "" {
		r.wrong("tested", "there is nothing to test: the profile refuses")
	}
}

func (r *reader) until(p *Profile) {
	switch u := p.Until; {
	case u == nil:
		r.wrong("until", "is missing: say how a member that stays knows that this one has left")
	case len(u.Commands) == 0:
		r.wrong("until.commands", "is missing")
	case u.Successes < 0:
		r.wrong("until.successes", "has to be at least 1")
	}
	if p.Until != nil && r.at["until.successes"] != nil && p.Until.Successes == 0 {
		r.wrong("until.successes", "has to be at least 1")
	}
	for i, c := range p.Commands(UntilGone) {
		if c.Retries != 0 {
			r.wrong(fmt.Sprintf("until.commands[%d].retries", i), "the question is asked again anyway: see until.interval and until.timeout")
		}
	}
}

// scope is which captured values there are, by name, and the command that takes them.
type scope map[string]*Command

func (r *reader) commands(rules Rules, list []Command, vars scope) {
	seen := map[string]bool{}
	for i := range list {
		c := &list[i]
		at := fmt.Sprintf("%s[%d]", rules.Path, i)
		switch {
		case !commandName.MatchString(c.Name):
			r.wrong(at+".name", "has to be a name like remove-member")
		case seen[c.Name]:
			r.wrong(at+".name", "there is another command %s in this section", c.Name)
		}
		seen[c.Name] = true
		if c.On != "" && !slices.Contains(rules.Places, c.On) {
			r.wrong(at+".on", "command %s: %s", c.Name, misplaced(c.On, rules))
		}
		if c.Container != "" && c.On == Here {
			r.wrong(at+".container", "command %s runs here, not in a container", c.Name)
		}
		if len(c.Command) == 0 {
			r.wrong(at+".command", "is missing: a list of arguments, like [etcdctl, member, list]")
		}
		if c.Retries < 0 {
			r.wrong(at+".retries", "has to be 0 or more")
		}
		if c.Retries == 0 && c.Pause.Duration > 0 {
			r.wrong(at+".pause", "is the time between retries, and there are none")
		}
		for k, code := range c.ExitCodes {
			if code < 0 || code > 255 {
				r.wrong(fmt.Sprintf("%s.exitCodes[%d]", at, k), "has to be from 0 to 255")
			}
		}
		r.variables(c, at, vars)
		r.captures(c, at, vars)
	}
}

func misplaced(on Where, rules Rules) string {
	list := make([]string, len(rules.Places))
	for i, w := range rules.Places {
		list[i] = string(w)
	}
	text := fmt.Sprintf("%q is no place for a command of %s: it is one of %s", on, rules.Section, strings.Join(list, ", "))
	switch {
	case on == Leaving && rules.Section == UntilGone:
		text += "; a member that leaves is the last one to know whether it is gone for the others"
	case on == Leaving && rules.Section == After:
		text += "; the pod is gone by then"
	case on == Joining && rules.Section == JoinBefore:
		text += "; the pod does not exist yet"
	}
	return text
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
					r.wrong(at, "command %s: $(%s) comes from a command's output and must not become a part of a shell's script: hand it over as an argument, like [sh, -c, 'remove \"$1\"', sh, $(%s)]", c.Name, name, name)
				}
			}
		}
	}
	expression := func(text, at string) *regexp.Regexp {
		check(text, at)
		re, err := pattern(text, func(string) (string, error) { return "", nil })
		if err != nil {
			r.wrong(at, "command %s: %s", c.Name, strings.Replace(err.Error(), "(?m)", "", 1))
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
			r.wrong(at, "command %s: has to have one group ( ) around the value, and (?: ) for any others; it has %d", c.Name, re.NumSubexp())
		}
	}
}

// variable checks that a value is there whenever the command runs.
func (r *reader) variable(c *Command, name, at string, vars scope) {
	if known(name) {
		return
	}
	from, ok := vars[name]
	section, elsewhere := r.captured[name]
	switch {
	case !ok && elsewhere:
		r.wrong(at, "command %s: there is no value for $(%s) here: a command of %s captures it, which %s", c.Name, name, section, reach(section))
	case !ok:
		r.wrong(at, "command %s: $(%s) is neither one of %s nor captured by a command; for a text that looks like this write $$(%s)", c.Name, name, allNames(), name)
	case !includes(c.If, from.If) || !includes(c.Unless, from.Unless):
		r.wrong(at, "command %s: $(%s) has no value when command %s does not run: give this one the same if and unless", c.Name, name, from.Name)
	}
}

// reach says how far the values go that are captured in a section.
func reach(section string) string {
	if section == string(Precheck) {
		return "is known to what follows it in precheck, and to drain, until, cancel and after"
	}
	return "is known only to what follows it in that section"
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
			r.wrong(at, "command %s: %q is not a variable's name like MEMBER_ID", c.Name, name)
		case known(name):
			r.wrong(at, "command %s: %s has a value already", c.Name, name)
		case other != nil:
			r.wrong(at, "command %s: %s is captured by command %s already", c.Name, name, other.Name)
		default:
			vars[name] = c
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Else)) {
		at := at + ".else." + name
		if _, ok := c.Capture[name]; !ok {
			r.wrong(at, "command %s: nothing captures %s", c.Name, name)
		}
		if bad := badValue(c.Else[name]); bad != "" {
			r.wrong(at, "command %s: the value %s", c.Name, bad)
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
