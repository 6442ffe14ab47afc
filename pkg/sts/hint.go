package sts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Hint says what to do: a sentence, whose commands are data until they are printed. An empty one
// says nothing.
type Hint []hintPart

// hintPart is text, or a command.
type hintPart struct {
	Text    string
	Command *Command
}

// Command is a command of kubectl.
type Command struct {
	// Verb is printed as it is: "sts canary promote".
	Verb string
	// Args follow the verb. They are quoted for a shell where that is necessary.
	Args []string
	// Namespace is empty where the command has none, or where the current context has it.
	Namespace string
	// Flags are the global flags, such as --context and its value. They are quoted, too.
	Flags []string
}

// Kubectl is a hint that is one command. It has a namespace, because another namespace may have a
// StatefulSet of the same name; the namespace of a cluster-scoped object is empty.
func Kubectl(namespace, verb string, args ...string) Hint {
	return Hint{{Command: &Command{Verb: verb, Args: args, Namespace: namespace}}}
}

// hintVerb is a verb of a format, with its flags, width and precision.
var hintVerb = regexp.MustCompile(`%[-+# 0]*[0-9]*(\.[0-9]+)?[a-zA-Z%]`)

// Hintf formats a hint like [fmt.Sprintf], and Hints among the arguments keep their commands where
// the verb is %s or %v. It panics on a format that does not fit the arguments, or that has an index
// (%[1]s) or a width among the arguments (%*d).
func Hintf(format string, args ...any) Hint {
	var h Hint
	wrong := func(why string) {
		panic(fmt.Sprintf("sts.Hintf(%q) with %s: %s", format, Count(len(args), "argument"), why))
	}
	begin, next := 0, 0
	for _, at := range append(hintVerb.FindAllStringIndex(format, -1), []int{len(format), len(format)}) {
		text, verb := format[begin:at[0]], format[at[0]:at[1]]
		begin = at[1]
		if strings.Contains(text, "%") {
			wrong("cannot format " + text)
		}
		h = h.with(text)
		switch {
		case verb == "":
		case verb == "%%":
			h = h.with("%")
		case next == len(args):
			wrong("no argument for " + verb)
		default:
			hint, ok := args[next].(Hint)
			if ok && (verb == "%s" || verb == "%v") {
				h = append(h, hint...)
			} else {
				h = h.with(fmt.Sprintf(verb, args[next]))
			}
			next++
		}
	}
	if next < len(args) {
		wrong("no verb for all arguments")
	}
	return h
}

func (h Hint) with(text string) Hint {
	switch last := len(h) - 1; {
	case text == "":
		return h
	case last >= 0 && h[last].Command == nil:
		h[last].Text += text
		return h
	}
	return append(h, hintPart{Text: text})
}

// JoinHints puts the separator between the hints.
func JoinHints(hints []Hint, separator string) Hint {
	var out Hint
	for i, hint := range hints {
		if i > 0 {
			out = out.with(separator)
		}
		out = append(out, hint...)
	}
	return out
}

// MapCommands changes each command of the hint.
func (h Hint) MapCommands(change func(Command) Command) Hint {
	out := slices.Clone(h)
	for i, part := range out {
		if part.Command != nil {
			changed := change(*part.Command)
			out[i].Command = &changed
		}
	}
	return out
}

// String is the hint as people read it.
func (h Hint) String() string {
	var text strings.Builder
	for _, part := range h {
		text.WriteString(part.Text)
		if part.Command != nil {
			text.WriteString(part.Command.String())
		}
	}
	return text.String()
}

// MarshalText is for JSON: the hint as people read it.
func (h Hint) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads a hint from JSON. Its commands are text.
func (h *Hint) UnmarshalText(text []byte) error {
	*h = Hint(nil).with(string(text))
	return nil
}

// String is the command line, to be pasted into a shell.
func (c Command) String() string {
	words := []string{"kubectl", c.Verb}
	for _, arg := range c.Args {
		words = append(words, shellWord(arg))
	}
	if c.Namespace != "" {
		words = append(words, "-n", shellWord(c.Namespace))
	}
	for _, flag := range c.Flags {
		words = append(words, shellWord(flag))
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9%+,./:=@_-]+$`)

func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return ShellQuote(word)
}

// ShellQuote quotes a word for a shell. A word with control characters, such as a script of several
// lines, is quoted as $'…' (bash, zsh, ksh), so that a command is always one line.
func ShellQuote(word string) string {
	if strings.IndexFunc(word, unicode.IsControl) < 0 {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for _, r := range word {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + "'"
}

// HintedError is an error with what to do about it.
type HintedError struct {
	Err  error
	Hint Hint
}

// Error implements error.
func (e *HintedError) Error() string { return e.Err.Error() }

// Unwrap returns the error without the hint.
func (e *HintedError) Unwrap() error { return e.Err }
