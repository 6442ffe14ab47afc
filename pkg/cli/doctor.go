package cli

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// doctorOptions is `doctor` as a plain value.
type doctorOptions struct {
	query     kube.Query
	all       bool
	manifests manifestSource
	domain    string
	failOn    string
	ignore    []sts.FindingCode
}

// failLevels are the values of --fail-on.
var failLevels = map[string]sts.Severity{"error": sts.SeverityError, "warning": sts.SeverityWarning, "info": sts.SeverityInfo}

func newDoctor(c *common) *cobra.Command {
	var (
		o       doctorOptions
		t       target
		ignore  []string
		explain string
		list    bool
	)
	cmd := withHelp("doctor", &cobra.Command{
		Use:               "doctor [NAME...]",
		ValidArgsFunction: c.completing(setNamesOf(&o.manifests)),
	})
	out := newOutput(cmd, sarif, junit, github)
	t.addFlags(cmd)
	f := cmd.Flags()
	o.manifests.addFlags(cmd)
	f.StringVar(&o.domain, "cluster-domain", "", "DNS `DOMAIN` of the cluster (default: detected)")
	addChoice(cmd, &o.failOn, "fail-on", "error", "Exit with 3 if a finding has this severity or a worse one", "error", "warning", "info", "none")
	f.StringSliceVar(&ignore, "ignore", nil, "`CODE`s of checks to ignore (for example NoHistory,BudgetMissing)")
	f.StringVar(&explain, "explain", "", "Explain the check with this `CODE`")
	f.BoolVar(&list, "list", false, "List all checks")
	notEmpty(cmd, "ignore", "explain")
	cmd.MarkFlagsMutuallyExclusive("filename", "all-namespaces")
	cmd.MarkFlagsMutuallyExclusive("kustomize", "all-namespaces")
	for _, about := range []string{"explain", "list"} {
		for _, other := range []string{"filename", "kustomize", "all-namespaces", "selector", "ignore", "fail-on", "cluster-domain"} {
			cmd.MarkFlagsMutuallyExclusive(about, other)
		}
	}
	cmd.MarkFlagsMutuallyExclusive("explain", "list")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		if list || explain != "" {
			if len(args) > 0 {
				return usagef("--list and --explain take no names")
			}
			return c.showChecks(out, explain)
		}
		var err error
		if o.query, err = t.query(c, args); err != nil {
			return err
		}
		o.all = t.all
		if o.ignore, err = doctor.ParseCodes(ignore); err != nil {
			return usagef("--ignore: %s; %s doctor --list shows all", err, c.root.CommandPath())
		}
		if o.domain, err = checkDomain(cmd, o.domain); err != nil {
			return err
		}
		return runDoctor(cmd.Context(), c, o, out)
	}
	return cmd
}
