package profile

import (
	"fmt"
	"strings"
)

// Mistakes in the file of a profile, as `profile lint` prints them after the field.

func msgFileEmpty() string { return "the file is empty" }

func msgManyDocuments() string {
	return "the file must contain exactly one YAML document"
}

func msgNotYAML(err string) string { return "invalid YAML: " + err }

func msgAnchor() string { return "anchors and aliases are not supported" }

func msgKey() string { return "keys must be plain strings" }

func msgDuplicateField(line int) string {
	return fmt.Sprintf("duplicate field, first on line %d", line)
}

func msgUnknownField(known []string) string {
	return "unknown field, must be one of " + strings.Join(known, ", ")
}

func msgRequired() string { return "required" }

func msgNoValue() string { return "must have a value" }

func msgEmpty() string { return "must not be empty" }

func msgMustBe(what string) string { return "must be " + what }

func msgNotString(value string) string { return fmt.Sprintf("must be a string, in quotes: %q", value) }

func msgInteger(value string) string { return fmt.Sprintf("invalid integer %q", value) }

func msgDuration(value string) string {
	return fmt.Sprintf("invalid duration %q, must be like 30s, 5m or 24h", value)
}

func msgDurationPositive() string { return "must be greater than 0" }

func msgName(example string) string {
	return "must be a lowercase name, for example " + example
}

func msgNoneReserved() string {
	return fmt.Sprintf("%q is reserved: in annotation %s it means no profile", None, Annotation)
}

func msgSystemRequired() string { return "required: the name of the system" }

func msgAddress() string { return "must start with https://" }

func msgImagePattern(pattern string, err error) string {
	return fmt.Sprintf("invalid pattern %q: %s", pattern, err)
}

func msgImageRepository(pattern string) string {
	return fmt.Sprintf("%q must be a repository without tag or digest, for example etcd or coreos/etcd", pattern)
}

func msgSelector(selector string, err error) string {
	return fmt.Sprintf("invalid label selector %q: %s", selector, err)
}

func msgSelectsAll() string { return "must not select everything" }

func msgRefuses() string { return `must be empty if "refuse" is set` }

func msgDrainRequired() string {
	return `required unless "refuse" is set: the commands that make a member leave`
}

func msgUntilRequired() string {
	return `required unless "refuse" is set: the commands that check, on a remaining member, that the leaving member is gone`
}

func msgUntilRetries() string {
	return "not allowed: until is always repeated (until.interval, until.timeout)"
}

func msgAtLeastOne() string { return "must be at least 1" }

func msgJoinEmpty() string { return "one of before, started or after is required" }

func msgDuplicateCommand(name string) string {
	return fmt.Sprintf("duplicate name %q in this section", name)
}

// inCommand begins a problem of a command, which may have no name.
func inCommand(command string) string {
	if command == "" {
		return ""
	}
	return "command " + command + ": "
}

func msgOn(command string, on Where, section Section, places []Where, why string) string {
	list := make([]string, len(places))
	for i, w := range places {
		list[i] = string(w)
	}
	text := fmt.Sprintf("%s%q is not allowed in %s, must be one of %s", inCommand(command), on, section, strings.Join(list, ", "))
	if why != "" {
		text += ": " + why
	}
	return text
}

func msgOnLeavingInUntil() string {
	return "the leaving member cannot tell whether the remaining members have removed it"
}

func msgOnLeavingInAfter() string { return "the pod is already gone" }

func msgOnJoiningInBefore() string { return "the pod does not exist yet" }

func msgContainerHere(command string) string {
	return fmt.Sprintf(`%snot allowed with "on: here"`, inCommand(command))
}

func msgCommandRequired() string {
	return "required: a list of arguments, for example [etcdctl, member, list]"
}

func msgNegative() string { return "must not be negative" }

func msgPause() string { return "not allowed without retries" }

func msgExitCode() string { return "must be between 0 and 255" }

func msgScript(command, variable string) string {
	return fmt.Sprintf("%s$(%s) is captured output and must not be part of a shell script: pass it as an argument, for example [sh, -c, 'remove \"$1\"', sh, $(%s)]", inCommand(command), variable, variable)
}

func msgRegexp(command, err string) string { return fmt.Sprintf("%s%s", inCommand(command), err) }

func msgGroups(command string, groups int) string {
	return fmt.Sprintf("%smust have exactly one group ( ) around the value, has %d; write (?: ) for other groups", inCommand(command), groups)
}

func msgVariableScope(command, variable string, section Section) string {
	scope := "later commands of that section"
	if section == Precheck {
		scope = "later commands of precheck, and to drain, until, cancel and after"
	}
	return fmt.Sprintf("%s$(%s) has no value here: it is captured in %s and available only to %s", inCommand(command), variable, section, scope)
}

func msgVariableUnknown(command, variable string) string {
	return fmt.Sprintf("%sunknown variable $(%s), must be one of %s, or captured by an earlier command; for literal text write $$(%s)", inCommand(command), variable, allNames(), variable)
}

func msgVariableConditional(command, variable, from string) string {
	return fmt.Sprintf(`%s$(%s) has no value when command %s does not run: use the same "if" and "unless"`, inCommand(command), variable, from)
}

func msgCaptureName(command, name string) string {
	return fmt.Sprintf("%sinvalid variable name %q, must be like MEMBER_ID", inCommand(command), name)
}

func msgCapturePredefined(command, name string) string {
	return fmt.Sprintf("%s%s is a predefined variable", inCommand(command), name)
}

func msgCaptureTwice(command, name, other string) string {
	return fmt.Sprintf("%s%s is already captured by command %s", inCommand(command), name, other)
}

func msgElseUnused(command, name string) string {
	return fmt.Sprintf("%s%s is not captured by this command", inCommand(command), name)
}

func msgElseValue(command, problem string) string {
	return fmt.Sprintf("%sthe value %s", inCommand(command), problem)
}

// What keeps a text from being the value of a variable.

func msgValueLong() string { return fmt.Sprintf("is longer than %d bytes", maxValue) }

func msgValueNotUTF8() string { return "is not valid UTF-8" }

func msgValueControl() string { return "contains a line break or another control character" }

// Why a command failed, after its name.

func msgCommandError(command string, err error) string {
	return fmt.Sprintf("%s%s", inCommand(command), err)
}

func msgNoVariable(variable string) string { return fmt.Sprintf("$(%s) has no value", variable) }

func msgTerminated(code int) string { return fmt.Sprintf("terminated with exit code %d", code) }

func msgNoMatch(pattern string) string { return fmt.Sprintf("output does not match %q", pattern) }

func msgMatch(pattern string) string { return fmt.Sprintf("output matches %q", pattern) }

func msgNotCaptured(variable, pattern string) string {
	return fmt.Sprintf("cannot capture %s: output does not match %q", variable, pattern)
}

func msgCapturedValue(variable, problem string) string {
	return fmt.Sprintf("captured value of %s %s", variable, problem)
}

// Which profile was found, and why.

func msgNotFound(name string, builtin []string) string {
	return fmt.Sprintf("built-in drain profile %q not found, must be one of %s", name, strings.Join(builtin, ", "))
}

func msgAnnotated(where string) string { return fmt.Sprintf("annotation %s on %s", Annotation, where) }

func msgAnnotatedNotFound(where, name string) string {
	return fmt.Sprintf("annotation %s on %s: drain profile %q not found", Annotation, where, name)
}

func msgMatchedImage(image, container string) string {
	return fmt.Sprintf("matched image %s of container %s", image, container)
}

func msgMatchedLabel(selector string) string { return "matched label " + selector }
