package profile

import (
	"errors"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Wanted reports whether the command has to run, by its If and Unless.
func (c *Command) Wanted(vars Vars) (bool, error) {
	for _, when := range []struct {
		matches map[string]string
		want    bool
	}{{c.If, true}, {c.Unless, false}} {
		for _, name := range slices.Sorted(maps.Keys(when.matches)) {
			value, err := vars.get(name)
			if err != nil {
				return false, c.wrap(err)
			}
			re, err := pattern(when.matches[name], vars.get)
			if err != nil {
				return false, c.wrap(err)
			}
			if re.MatchString(value) != when.want {
				return false, nil
			}
		}
	}
	return true, nil
}

// Argv is the argument list to run.
func (c *Command) Argv(vars Vars) ([]string, error) {
	out := make([]string, len(c.Command))
	for i, arg := range c.Command {
		var err error
		if out[i], err = expand(arg, vars.get); err != nil {
			return nil, c.wrap(err)
		}
	}
	return out, nil
}

// Read checks the result of the command. The problem is empty if it succeeded; then captured has
// the values from its output.
func (c *Command) Read(vars Vars, exitCode int, stdout string) (captured Vars, problem string) {
	if !slices.Contains(c.ExitCodes, exitCode) {
		return nil, msgTerminated(exitCode)
	}
	for _, want := range []struct {
		list  []string
		match bool
		text  func(pattern string) string
	}{{c.Expect, true, msgNoMatch}, {c.Reject, false, msgMatch}} {
		for _, text := range want.list {
			re, err := pattern(text, vars.get)
			switch {
			case err != nil:
				return nil, err.Error()
			case re.MatchString(stdout) != want.match:
				return nil, want.text(strings.TrimPrefix(re.String(), "(?m)"))
			}
		}
	}
	captured = Vars{}
	for _, name := range slices.Sorted(maps.Keys(c.Capture)) {
		re, err := pattern(c.Capture[name], vars.get)
		if err != nil {
			return nil, err.Error()
		}
		otherwise, optional := c.Else[name]
		switch found := re.FindStringSubmatch(stdout); {
		case found != nil:
			if bad := badValue(found[1]); bad != "" {
				return nil, msgCapturedValue(name, bad)
			}
			captured[name] = found[1]
		case optional:
			captured[name] = otherwise
		default:
			return nil, msgNotCaptured(name, strings.TrimPrefix(re.String(), "(?m)"))
		}
	}
	return captured, ""
}

func (c *Command) wrap(err error) error { return errors.New(msgCommandError(c.Name, err)) }

// defaultContainer is kubectl's annotation on pods.
const defaultContainer = "kubectl.kubernetes.io/default-container"

// Container is the one that a command runs in: its own, the pod's default container,
// the one whose image the profile matches, or the first.
func (p *Profile) Container(c *Command, annotations map[string]string, spec *corev1.PodSpec) string {
	if c.Container != "" {
		return c.Container
	}
	for _, has := range spec.Containers {
		if has.Name == annotations[defaultContainer] {
			return has.Name
		}
	}
	for _, has := range spec.Containers {
		if p.Match.image(has.Image) != "" {
			return has.Name
		}
	}
	if len(spec.Containers) == 0 {
		return ""
	}
	return spec.Containers[0].Name
}
