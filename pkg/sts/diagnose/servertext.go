package diagnose

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxPoint is the longest text of Kubernetes that a sentence has room for, in bytes.
const maxPoint = 300

// wraps are what surrounds the point of a message of Kubernetes, in the order in which they
// are taken away. A text that would be empty without one keeps it.
var wraps = []*regexp.Regexp{
	// The controller's event repeats the pod's and the set's name, and the response of the server.
	regexp.MustCompile(`^.* failed error: `),
	regexp.MustCompile(`(?:The )?[\w.]+ "[^"]*" is (?:forbidden|invalid): (?:: )?`),
	regexp.MustCompile(`Internal error occurred: `),
	regexp.MustCompile(`failed to call webhook: `),
	// The kubelet repeats the image's and the sandbox's name at each level.
	regexp.MustCompile(`^Back-off pulling image "[^"]*": `),
	regexp.MustCompile(`^Failed to pull image "[^"]*": `),
	regexp.MustCompile(`^(?:ErrImagePull|RegistryUnavailable|SignatureValidationFailed|ImageInspectError): `),
	regexp.MustCompile(`^Failed to create pod sandbox: `),
	regexp.MustCompile(`rpc error: code = \w+ desc = `),
	regexp.MustCompile(`failed to pull and unpack image "[^"]*": `),
	regexp.MustCompile(`failed to resolve (?:reference|image) "[^"]*": `),
	regexp.MustCompile(` for sandbox "[0-9a-f]{64}"`),
	regexp.MustCompile(`"?\b[0-9a-f]{64}\b"?: `),
	// The scheduler says what preemption would do, for all nodes once more.
	regexp.MustCompile(`[.,]?(?: no new claims to deallocate,)? preemption: .*$`),
}

// policyDenied is what the API server puts before a policy's message. Which binding it was tells nothing
// more: a policy is named as in the plugin's own refusals.
var policyDenied = regexp.MustCompile(`ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: `)

// Point is what a person has to read of a message of the API server, a controller, the
// scheduler or the kubelet: without what wraps it, without repetitions and without the end
// of what is very long. Show the whole to machines.
func Point(message string) string {
	text := strings.TrimRight(strings.Join(strings.Fields(message), " "), ". ")
	for _, w := range wraps {
		if cut := w.ReplaceAllString(text, ""); strings.TrimSpace(cut) != "" {
			text = cut
		}
	}
	text = policyDenied.ReplaceAllString(text, "validatingadmissionpolicy $1: ")
	return Shorten(strings.TrimRight(once(text), ".: "))
}

// once drops the parts of a chain of errors that repeat the part before.
func once(text string) string {
	parts := strings.Split(text, ": ")
	out := parts[:1]
	for _, p := range parts[1:] {
		if p != out[len(out)-1] {
			out = append(out, p)
		}
	}
	return strings.Join(out, ": ")
}

// Shorten cuts a text that is too long for a sentence, between two words.
func Shorten(text string) string {
	if len(text) <= maxPoint {
		return text
	}
	end := maxPoint
	for !utf8.RuneStart(text[end]) {
		end--
	}
	if i := strings.LastIndexByte(text[:end], ' '); i > maxPoint/2 {
		end = i
	}
	return strings.TrimRight(text[:end], " ,;:") + " …"
}
