package names

import (
	"net/netip"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// CorefileDomains are the zones of the kubernetes plugin in a Corefile, in their order, without
// reverse zones. A plugin without zones of its own serves those of its server block.
func CorefileDomains(text string) []string {
	var out []string
	depth := 0
	var keys []string
	for _, line := range corefileLines(text) {
		closing := slices.Equal(line, []string{"}"})
		opening := len(line) > 0 && line[len(line)-1] == "{"
		words := line
		if opening {
			words = line[:len(line)-1]
		}
		switch {
		case closing:
			depth--
			if depth <= 0 {
				depth, keys = 0, nil
			}
			continue
		case depth == 0:
			// The addresses of a server block may span several lines.
			keys = append(keys, words...)
		case depth == 1 && len(words) > 0 && words[0] == "kubernetes":
			zones := words[1:]
			if len(zones) == 0 {
				zones = keys
			}
			for _, z := range zones {
				if z = zoneOf(z); z != "" && !slices.Contains(out, z) {
					out = append(out, z)
				}
			}
		}
		if opening {
			depth++
		}
	}
	return out
}

// corefileLines splits a Corefile into lines of words: without comments and quotation marks, and
// with each closing brace on a line of its own.
func corefileLines(text string) [][]string {
	var lines [][]string
	var line []string
	var word strings.Builder
	inWord, quoted, comment := false, false, false
	endWord := func() {
		if !inWord {
			return
		}
		if w := word.String(); w == "}" {
			if len(line) > 0 {
				lines = append(lines, line)
			}
			lines, line = append(lines, []string{"}"}), nil
		} else {
			line = append(line, w)
		}
		word.Reset()
		inWord = false
	}
	for _, r := range text {
		switch {
		case comment:
			if comment = r != '\n'; !comment && len(line) > 0 {
				lines, line = append(lines, line), nil
			}
		case quoted:
			if r == '"' {
				quoted = false
				continue
			}
			word.WriteRune(r)
		case r == '"' && !inWord:
			quoted, inWord = true, true
		case r == '#' && !inWord:
			comment = true
		case r == '\n':
			endWord()
			if len(line) > 0 {
				lines, line = append(lines, line), nil
			}
		case r == ' ' || r == '\t' || r == '\r':
			endWord()
		default:
			inWord = true
			word.WriteRune(r)
		}
	}
	endWord()
	if len(line) > 0 {
		lines = append(lines, line)
	}
	return lines
}

// zoneOf parses a zone of a Corefile, such as "dns://cluster.local.:53"; in a server block a comma
// may follow. It is empty for the root, for networks and for reverse zones.
func zoneOf(word string) string {
	word = strings.TrimSuffix(word, ",")
	if _, rest, ok := strings.Cut(word, "://"); ok {
		word = rest
	}
	if _, err := netip.ParsePrefix(word); err == nil {
		return ""
	}
	word, _, _ = strings.Cut(word, ":")
	word = strings.ToLower(strings.TrimSuffix(word, "."))
	for _, reverse := range []string{"in-addr.arpa", "ip6.arpa"} {
		if word == reverse || strings.HasSuffix(word, "."+reverse) {
			return ""
		}
	}
	if len(validation.IsDNS1123Subdomain(word)) > 0 {
		return "" // the root, or an environment variable
	}
	return word
}
