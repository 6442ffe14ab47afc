package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

// prompt precedes a command.
const prompt = "$ "

// screens replaces the output below each "$ kubectl sts plan …" and "$ kubectl sts doctor -f …" in the code
// blocks of a page with the current one. The command must not need a cluster. A file that it writes, as in
// "> docs/images/x.svg", is one of the files that are returned.
func screens(page string) (text string, files map[string]string, err error) {
	files = map[string]string{}
	blocks := strings.Split(page, "```")
	for n := 1; n < len(blocks); n += 2 { // every other one is code
		lines := strings.SplitAfter(blocks[n], "\n")
		if len(lines) < 2 || !strings.HasPrefix(lines[1], prompt+"kubectl sts plan ") && !strings.HasPrefix(lines[1], prompt+"kubectl sts doctor -f ") {
			continue
		}
		typed := strings.TrimSpace(strings.TrimPrefix(lines[1], prompt))
		line, file, toFile := strings.Cut(typed, " > ")
		out, err := play(strings.Fields(line)[2:])
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", typed, err)
		}
		if toFile {
			files[file], out = out, ""
		}
		blocks[n] = lines[0] + lines[1] + out
	}
	return strings.Join(blocks, "```"), files, nil
}

// play runs a command without a terminal and without a cluster.
func play(args []string) (string, error) {
	var out, errOut bytes.Buffer
	env := cli.Env{
		IOStreams: genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &out, ErrOut: &errOut},
		Clock:     clock.RealClock{}, Called: "kubectl sts", Who: "user@host",
		Getenv: func(string) string { return "" }, Size: func() (int, int) { return 0, 0 },
	}
	root := cli.NewRoot(env)
	root.SetArgs(args)
	if err := root.ExecuteContext(context.Background()); err != nil {
		return "", fmt.Errorf("%w %s", err, errOut.String())
	}
	return out.String(), nil
}
