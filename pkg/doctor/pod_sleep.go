package doctor

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// slept is a command that sleeps for a literal time.
type slept struct {
	command string
	seconds int64
}

// shell reads as much of a script as it takes to find the sleeps that it waits for. What it does not understand
// does not sleep.
type shell struct {
	script func(file string) string // the text of a script file, empty if it is not known
}

// deepest is how deep scripts call each other.
const deepest = 5

// command is the longest sleep of a command, given as its words.
func (s shell) command(words []string, depth int) slept {
	for len(words) > 0 && (slices.Contains(leading, words[0]) || assignment.MatchString(words[0])) {
		words = words[1:]
	}
	if len(words) == 0 || depth > deepest {
		return slept{}
	}
	args := words[1:]
	switch path.Base(words[0]) {
	case "sleep":
		total := int64(0)
		for _, arg := range args {
			n, ok := seconds(arg)
			if !ok {
				return slept{}
			}
			total += n
		}
		return slept{strings.Join(append([]string{"sleep"}, args...), " "), total}
	case "timeout":
		for len(args) > 0 && strings.HasPrefix(args[0], "-") {
			if args[0] == "-k" || args[0] == "-s" || args[0] == "--kill-after" || args[0] == "--signal" {
				args = args[1:]
			}
			args = args[min(1, len(args)):]
		}
		if len(args) < 2 {
			return slept{}
		}
		limit, ok := seconds(args[0])
		inner := s.command(args[1:], depth+1)
		if !ok || inner.seconds == 0 {
			return slept{}
		}
		if limit > 0 && limit < inner.seconds {
			return slept{"timeout " + args[0] + " " + inner.command, limit}
		}
		return inner
	case "sh", "bash", "ash", "dash", "zsh", "ksh":
		for i, arg := range args {
			if strings.HasPrefix(arg, "-") && strings.HasSuffix(arg, "c") && i+1 < len(args) {
				return s.text(args[i+1], depth+1)
			}
			if !strings.HasPrefix(arg, "-") {
				return s.text(s.script(arg), depth+1)
			}
		}
		return slept{}
	}
	return s.text(s.script(words[0]), depth+1)
}

// leading are words before a command.
var leading = []string{"do", "then", "else", "elif", "if", "while", "until", "!", "time", "exec", "command", "nohup", "env", "source", ".", "{"}

var (
	assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
	duration   = regexp.MustCompile(`^([0-9]{1,9})([smhd]?)$`)
	// obscure matches scripts whose commands may not run, or not in the foreground: functions, here documents,
	// and groups in the background.
	obscure = regexp.MustCompile(`\(\s*\)\s*\{|\bfunction\s|<<|(\)|\}|\bdone|\bfi|\besac)[^;&|\n]*&([^&>]|$)`)
)

func seconds(text string) (int64, bool) {
	m := duration.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // digits
	return n * map[string]int64{"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[m[2]], true
}

// text is the longest sleep of a script.
func (s shell) text(script string, depth int) slept {
	if depth > deepest || obscure.MatchString(script) {
		return slept{}
	}
	var longest slept
	for _, words := range foreground(script) {
		if found := s.command(words, depth); found.seconds > longest.seconds {
			longest = found
		}
	}
	return longest
}

// foreground are the commands of a script, without those in the background.
func foreground(script string) [][]string {
	var out [][]string
	var words []string
	var word strings.Builder
	started, redirected := false, false
	endWord := func() {
		if started && !redirected {
			words = append(words, word.String())
		}
		if started {
			redirected = false
		}
		word.Reset()
		started = false
	}
	endCommand := func(keep bool) {
		endWord()
		if keep && len(words) > 0 {
			out = append(out, words)
		}
		words, redirected = nil, false
	}
	for i := 0; i < len(script); i++ {
		c := script[i]
		next := byte(0)
		if i+1 < len(script) {
			next = script[i+1]
		}
		switch {
		case c == '\\' && next == '\n':
			i++
		case c == '\\' && next != 0:
			word.WriteByte(next)
			started = true
			i++
		case c == '\'' || c == '"' || c == '`':
			started = true
			for i++; i < len(script) && script[i] != c; i++ {
				if c == '"' && script[i] == '\\' && i+1 < len(script) {
					i++
				}
				word.WriteByte(script[i])
			}
		case c == '$' && (next == '(' || next == '{'):
			started = true
			for depth := 0; i < len(script); i++ {
				word.WriteByte(script[i])
				if script[i] == '(' || script[i] == '{' {
					depth++
				} else if script[i] == ')' || script[i] == '}' {
					if depth--; depth == 0 {
						break
					}
				}
			}
		case c == '#' && !started:
			for i+1 < len(script) && script[i+1] != '\n' {
				i++
			}
		case c == '>' || c == '<' || c == '&' && next == '>':
			if _, err := strconv.Atoi(word.String()); err == nil { // 2>
				word.Reset()
				started = false
			}
			endWord()
			for i+1 < len(script) && (script[i+1] == '>' || script[i+1] == '&') {
				i++
			}
			redirected = true
		case c == '&' && next == '&', c == '|' && next == '|':
			endCommand(true)
			i++
		case c == '&':
			endCommand(false)
		case c == ';' || c == '|' || c == '\n' || c == '(' || c == ')':
			endCommand(true)
		case c == ' ' || c == '\t' || c == '\r':
			endWord()
		default:
			word.WriteByte(c)
			started = true
		}
	}
	endCommand(true)
	return out
}
