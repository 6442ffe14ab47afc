package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

func newDiff(c *common) *cobra.Command {
	var (
		from, to int64
		exitCode bool
	)
	cmd := withHelp("diff", &cobra.Command{
		Use:  "diff NAME",
		Args: oneName, ValidArgsFunction: c.completing(onlyOne(clusterSets)),
	})
	out := newOutput(cmd)
	cmd.Flags().Int64Var(&from, "from-revision", 0, "Older `REVISION` by number (default: the stable one)")
	cmd.Flags().Int64Var(&to, "to-revision", 0, "Newer `REVISION` by number (default: the update revision)")
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "Exit with 3 if there are differences")
	positive(cmd, "from-revision", "to-revision")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := c.snapshot(cmd, args, out)
		if err != nil {
			return err
		}
		r, err := report.NewDiffReport(s, from, to)
		if err != nil {
			return &sts.HintedError{Err: usagef("%s", err), Hint: hintListRevisions(sts.Kubectl(s.Set.Namespace, "sts history", s.Set.Name))}
		}
		if out.human() {
			err = c.printDiff(r)
		} else {
			err = out.print(c.env.Out, r, []string{r.Name})
		}
		if err == nil && exitCode && len(r.Changes) > 0 {
			return &notYetError{}
		}
		return err
	}
	return cmd
}

func (c *common) printDiff(r *report.DiffReport) error {
	if len(r.Changes) == 0 {
		_, err := fmt.Fprintln(c.env.ErrOut, msgNoDifferences(r.From, r.To))
		return err
	}
	unified, err := unifiedDiff(r)
	if err != nil {
		return err
	}
	return render.Diff(exactly(c.env.Out), unified, c.env.style())
}

// unifiedDiff compares the two templates as YAML.
func unifiedDiff(r *report.DiffReport) (string, error) {
	var sides [2]string
	for i, raw := range [][]byte{r.FromTemplate, r.ToTemplate} {
		text, err := yaml.JSONToYAML(raw)
		if err != nil {
			return "", err
		}
		sides[i] = string(text)
	}
	return difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: lines(sides[0]), B: lines(sides[1]), FromFile: r.From, ToFile: r.To, Context: 3,
	})
}

func lines(text string) []string { return slices.Collect(strings.Lines(text)) }
