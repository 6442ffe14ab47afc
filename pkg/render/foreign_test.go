package render

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestForeign(t *testing.T) {
	for name, test := range map[string]struct{ line, want string }{
		"plain":                {"listening on :5432\r\n", "listening on :5432"},
		"colors":               {"\x1b[1;31mFATAL\x1b[0m: no", "FATAL: no"},
		"clears the line":      {"\x1b[2Kprogress 50%", "progress 50%"},
		"moves up":             {"\x1b[?25l\x1b[1Aup", "up"},
		"a title":              {"\x1b]0;owned\x07prompt", "prompt"},
		"a title, ended by ST": {"\x1b]2;owned\x1b\\prompt", "prompt"},
		"a link":               {"\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"},
		"a device string":      {"\x1bP1$r0m\x1b\\rest", "rest"},
		"a short one":          {"\x1b(Bascii\x1bc", "ascii"},
		"half a sequence":      {"text\x1b[", "text"},
		"a progress bar":       {"10%\r50%\r100%\r\n", "100%"},
		"tabs and bells":       {"a\tb\a\x00c\u009bd", "a    bcd"},
		"other scripts":        {"données ✓ 数据", "données ✓ 数据"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, Foreign(test.line), test.want) })
	}
}
