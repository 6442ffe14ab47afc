package render

import (
	"regexp"
	"strings"
)

// gerunds are the verbs that the steps of a plan begin with. A test demands that each step has one.
var gerunds = map[string]string{
	"add": "adding", "cancel": "cancelling", "check": "checking", "complete": "completing", "continue": "continuing",
	"create": "creating", "delete": "deleting", "discard": "discarding", "drain": "draining", "evict": "evicting", "find": "finding",
	"pause": "pausing", "promote": "promoting", "raise": "raising", "record": "recording", "recreate": "recreating",
	"release": "releasing", "remove": "removing", "reserve": "reserving", "restore": "restoring", "resume": "resuming",
	"roll": "rolling", "run": "running", "scale": "scaling", "set": "setting", "start": "starting", "stop": "stopping", "taint": "tainting", "take": "taking", "transfer": "transferring",
}

var (
	// beforeVerb is what may precede the verb of a step.
	beforeVerb = regexp.MustCompile(`^(?:step \d+ of \d+: |also |if needed, )`)
	// firstPart is what precedes the next verb of a step that says several things.
	firstPart = regexp.MustCompile(`^scal\w+ (?:up|down) from \d+ to \d+ replicas?: |^[^;:]*; (?:set )`)
)

// inProgress says a step of a plan, "evict pod web-2", as what happens now: "evicting pod web-2".
func inProgress(step string) string {
	start := len(beforeVerb.FindString(step))
	first := strings.TrimSuffix(firstPart.FindString(step), "set ")
	if first == "" {
		return step[:start] + toGerund(step[start:])
	}
	return first[:start] + toGerund(first[start:]) + inProgress(step[len(first):])
}

// toGerund changes the first word, if it is the verb of a step.
func toGerund(text string) string {
	verb, rest, _ := strings.Cut(text, " ")
	if gerund := gerunds[verb]; gerund != "" {
		return gerund + " " + rest
	}
	return text
}
