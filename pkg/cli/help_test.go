package cli

import (
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"gotest.tools/v3/assert"
)

// Short is one line of at most 60 characters, and every text is one of a command.
func TestHelpTexts(t *testing.T) {
	shorts := map[string]bool{}
	var each func(c *cobra.Command)
	each = func(c *cobra.Command) {
		shorts[c.Short] = true
		if n := utf8.RuneCountInString(c.Short); n > 60 && c.Name() != "completion" {
			t.Errorf("%s: Short has %d characters: %s", c.CommandPath(), n, c.Short)
		}
		if strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: Short ends with a full stop", c.CommandPath())
		}
		for _, line := range strings.Split(c.Long+"\n"+c.Example, "\n") {
			if utf8.RuneCountInString(line) > 100 {
				t.Errorf("%s: more than 100 characters: %s", c.CommandPath(), line)
			}
		}
		for _, sub := range c.Commands() {
			each(sub)
		}
	}
	each(NewRoot(Env{}))
	files, err := fs.Glob(helpTexts, "help/*.txt")
	assert.NilError(t, err)
	for _, name := range files {
		text, err := helpTexts.ReadFile(name)
		assert.NilError(t, err)
		if short, _, _ := strings.Cut(string(text), "\n"); !shorts[short] {
			t.Errorf("%s belongs to no command", name)
		}
	}
}
