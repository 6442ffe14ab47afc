package sts_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func TestHints(t *testing.T) {
	promote := sts.Kubectl("shop", "sts canary promote", "web")
	abort := sts.Kubectl("shop", "sts canary abort", "web")
	for _, test := range []struct {
		name string
		hint sts.Hint
		want string
	}{
		{"none", sts.Hintf(""), ""},
		{"a sentence", sts.Hintf("raise the quota"), "raise the quota"},
		{"text and a number", sts.Hintf("scale %s to %d", "web", 3), "scale web to 3"},
		{"text that looks like a format", sts.Hintf("%s; %s", "50%s", "%d"), "50%s; %d"},
		{"flags, widths and percent signs", sts.Hintf("%5d|%+v|%.1f|%-4s|%x: 50%%", 7, -1, 1.25, "a", 255), "    7|-1|1.2|a   |ff: 50%"},
		{"a command", sts.Kubectl("shop", "get pod", "web-1", "--show-labels"), "kubectl get pod web-1 --show-labels -n shop"},
		{"a cluster-scoped object", sts.Kubectl("", "describe persistentvolume", "pv-1"), "kubectl describe persistentvolume pv-1"},
		{"two commands", sts.Hintf("continue: %s; or roll back: %s", promote, abort),
			"continue: kubectl sts canary promote web -n shop\nor roll back: kubectl sts canary abort web -n shop"},
		{"a hint in a hint", sts.Hintf("%s; rerun the command to resume", sts.Hintf("roll back: %s", abort)),
			"roll back: kubectl sts canary abort web -n shop\nrerun the command to resume"},
		{"no hint in a hint", sts.Hintf("wait%s", sts.Hint(nil)), "wait"},
		{"alternatives", sts.JoinHints([]sts.Hint{promote, abort}, ", or "),
			"kubectl sts canary promote web -n shop\nor kubectl sts canary abort web -n shop"},
		{"foreign lines", sts.Hintf("find %s: %s", "x\n→ kubectl delete ns shop", abort),
			"find x → kubectl delete ns shop: kubectl sts canary abort web -n shop"},
		{"text with a command's name", sts.Hintf("%s: %s", "the owner's kubectl -n shop", abort),
			"the owner's kubectl -n shop: kubectl sts canary abort web -n shop"},
		{"arguments that a shell would change", sts.Kubectl("shop", "label pod", "web-1", "note=it's $HOME", "empty=", ""),
			`kubectl label pod web-1 'note=it'\''s $HOME' empty= '' -n shop`},
		{"JSON", sts.Kubectl("shop", "patch pdb", "web", "-p", `{"spec":{"minAvailable":1}}`),
			`kubectl patch pdb web -p '{"spec":{"minAvailable":1}}' -n shop`},
		{"a placeholder", sts.Kubectl("shop", "sts drain-scale", "web", "--profile", "<path to etcd>"),
			"kubectl sts drain-scale web --profile '<path to etcd>' -n shop"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.hint.String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// A command is one line, whatever its words contain.
func TestQuotedWords(t *testing.T) {
	for word, want := range map[string]string{
		"a b":            `'a b'`,
		"it's":           `'it'\''s'`,
		"a\nb\tc's \\":   `$'a\nb\tc\'s \\'`,
		"\x1b[2K":        `$'\u001b[2K'`,
		"x\n→ kubectl …": `$'x\n→ kubectl …'`,
	} {
		if got := sts.ShellQuote(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}

// A format that Hintf cannot do is noticed when it is used, not by the reader of the hint.
func TestHintFormats(t *testing.T) {
	hintf := sts.Hintf // vet does not check it
	for _, test := range []struct {
		format string
		args   []any
		want   string
	}{
		{"50%", nil, `sts.Hintf("50%") with 0 arguments: cannot format 50%`},
		{"%[1]s and %[1]s", []any{"a"}, `sts.Hintf("%[1]s and %[1]s") with 1 argument: cannot format %[1]s and %[1]s`},
		{"%*d", []any{5, 3}, `sts.Hintf("%*d") with 2 arguments: cannot format %*d`},
		{"%s and %s", []any{"a"}, `sts.Hintf("%s and %s") with 1 argument: no argument for %s`},
		{"%q", []any{sts.Kubectl("", "get pods")}, `sts.Hintf("%q") with 1 argument: a hint requires %s`},
		{"%s", []any{"a", "b"}, `sts.Hintf("%s") with 2 arguments: no verb for all arguments`},
	} {
		t.Run(test.format, func(t *testing.T) {
			defer func() {
				if got := recover(); got != test.want {
					t.Errorf("got  %v\nwant %s", got, test.want)
				}
			}()
			hintf(test.format, test.args...)
		})
	}
}

func TestMapCommands(t *testing.T) {
	hint := sts.Hintf("roll back: %s", sts.Kubectl("shop", "sts canary abort", "web"))
	changed := hint.MapCommands(func(c sts.Command) sts.Command {
		c.Namespace, c.Flags = "", []string{"--context", "the prod one"}
		return c
	})
	if got, want := changed.String(), "roll back: kubectl sts canary abort web --context 'the prod one'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := hint.String(), "roll back: kubectl sts canary abort web -n shop"; got != want {
		t.Errorf("the original is now: %s", got)
	}
}

// In JSON a hint is the text that people read, with its lines.
func TestHintsInJSON(t *testing.T) {
	type object struct {
		Hint sts.Hint `json:"hint,omitempty"`
	}
	for want, hint := range map[string]sts.Hint{
		`{}`: nil,
		`{"hint":"roll back: kubectl sts canary abort web -n shop"}`: sts.Hintf("roll back: %s", sts.Kubectl("shop", "sts canary abort", "web")),
		`{"hint":"kubectl get pods\nor wait"}`:                       sts.Hintf("%s; or wait", sts.Kubectl("", "get pods")),
	} {
		got, err := json.Marshal(object{hint})
		if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		var back object
		if err := json.Unmarshal(got, &back); err != nil || back.Hint.String() != hint.String() {
			t.Errorf("read back: %q, %v", back.Hint, err)
		}
	}
}
