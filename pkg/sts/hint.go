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
	// OtherUser says that the command is for another user than the one who gets the hint.
	OtherUser bool
}

// Kubectl is a hint that is one command. It has a namespace, because another namespace may have a
// StatefulSet of the same name; the namespace of a cluster-scoped object is empty.
func Kubectl(namespace, verb string, args ...string) Hint {
	return Hint{{Command: &Command{Verb: verb, Args: args, Namespace: namespace}}}
}

// ForOtherUser is the hint with commands for another user, such as one with more permissions.
func (h Hint) ForOtherUser() Hint {
	return h.MapCommands(func(c Command) Command {
		c.OtherUser = true
		return c
	})
}

// hintVerb is a verb of a format, with its flags, width and precision.
var hintVerb = regexp.MustCompile(`%[-+# 0]*[0-9]*(\.[0-9]+)?[a-zA-Z%]`)

// Hintf formats a hint like [fmt.Sprintf], and Hints among the arguments, for %s, keep their commands.
// A command ends its line: what follows in the format should read well at the beginning of the next one,
// as in "continue: %s; or roll back: %s". It panics on a format that does not fit the arguments, or that
// has an index (%[1]s) or a width among the arguments (%*d).
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
			switch {
			case ok && verb == "%s":
				h = append(h, hint...)
			case ok:
				wrong("a hint requires %s")
			default:
				h = h.with(oneLine(fmt.Sprintf(verb, args[next])))
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

// HintLine is a line of a hint: text, and the command that ends it. One of them may be empty.
type HintLine struct {
	Text    string
	Command *Command
}

// Lines are the lines of the hint. A command ends its line, so that it can be pasted: text after it
// begins a new line, without the punctuation between them.
func (h Hint) Lines() []HintLine {
	var lines []HintLine
	fresh := true
	line := func() *HintLine {
		if fresh {
			lines, fresh = append(lines, HintLine{}), false
		}
		return &lines[len(lines)-1]
	}
	for _, part := range h {
		for i, text := range strings.Split(part.Text, "\n") {
			if i > 0 {
				fresh = true
			}
			if fresh && len(lines) > 0 {
				text = strings.TrimLeft(text, ",; ")
			}
			if text != "" {
				line().Text += text
			}
		}
		if part.Command != nil {
			line().Command, fresh = part.Command, true
		}
	}
	return lines
}

// String is the line as people read it.
func (l HintLine) String() string {
	if l.Command == nil {
		return l.Text
	}
	return l.Text + l.Command.String()
}

// String is the hint as people read it.
func (h Hint) String() string {
	var lines []string
	for _, line := range h.Lines() {
		lines = append(lines, line.String())
	}
	return strings.Join(lines, "\n")
}

// oneLine is text that may be foreign, such as a message of another client. It adds no line to a hint.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

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
