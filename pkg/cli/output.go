package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/kubectl/pkg/cmd/get"
)

// Formats of our own.
const (
	wide   = "wide"
	github = "github"
)

// output is the -o flag: "" and our own formats are for people, "name" for shells, the
// rest is printed by cli-runtime's printers.
type output struct {
	flags *genericclioptions.PrintFlags
	own   []string // formats that are ours: wide, github
	// resource is the prefix of the names with -o name, none when empty.
	resource string
	// columns and sortBy are for lists, see newListOutput.
	columns *get.CustomColumnsPrintFlags
	sortBy  string
	// labels is the value of --show-labels.
	labels bool
	env    *Env
}

func newOutput(cmd *cobra.Command, own ...string) *output {
	o := newText()
	o.addFlags(cmd, own...)
	return o
}

func (o *output) addFlags(cmd *cobra.Command, own ...string) {
	o.own, o.resource = own, "statefulset.apps"
	o.flags.AddFlags(cmd)
	_ = cmd.Flags().MarkHidden("show-managed-fields") // a report has none
	f := cmd.Flags().Lookup("output")
	f.Usage = "Output format, one of: " + strings.Join(o.formats(), ", ")
	cmd.Flags().Lookup("template").Usage = "Template, or path to a template file, with -o=go-template and -o=go-template-file (golang.org/pkg/text/template)"
	_ = cmd.RegisterFlagCompletionFunc("output", offering(o.formats()...))
}

// newText is an output for people, without the flag.
func newText() *output { return &output{flags: genericclioptions.NewPrintFlags("")} }

func (o *output) format() string {
	f := *o.flags.OutputFormat
	if f == "" && *o.flags.TemplatePrinterFlags.TemplateArgument != "" {
		return "go-template" // --template alone, as in kubectl
	}
	return f
}

func (o *output) human() bool { return o.format() == "" || slices.Contains(o.own, o.format()) }

// isColumns: the items of a list are printed with -o custom-columns.
func (o *output) isColumns() bool {
	format, _, _ := strings.Cut(o.format(), "=")
	return o.columns != nil && slices.Contains(o.columns.AllowedFormats(), format)
}

func (o *output) isWide() bool { return o.format() == wide }

// isGitHub: the result is also reported to a GitHub Actions workflow.
func (o *output) isGitHub() bool { return o.format() == github }

// check rejects an unknown format before the first request.
func (o *output) check() error {
	if err := o.checkList(); err != nil || o.human() {
		return err
	}
	if o.isColumns() {
		if _, err := o.columns.ToPrinter(o.format()); err != nil {
			return usagef("--output: %s", strings.TrimSpace(err.Error()))
		}
		return nil
	}
	if _, err := o.flags.ToPrinter(); genericclioptions.IsNoCompatiblePrinterError(err) {
		return invalidFlag("output", o.format(), "must be "+anyOf(o.formats()))
	} else if err != nil {
		return usagef("%s", err)
	}
	return nil
}

func (o *output) formats() []string {
	formats := slices.Clone(o.flags.AllowedFormats())
	if o.columns != nil {
		formats = append(formats, o.columns.AllowedFormats()...)
	}
	return append(formats, o.own...)
}

// print writes a report in a machine format. names are its objects, for -o name.
func (o *output) print(w io.Writer, report any, names []string) error {
	w = exactly(w)
	if o.format() == "name" {
		for _, n := range names {
			if o.resource != "" {
				n = o.resource + "/" + n
			}
			if _, err := fmt.Fprintln(w, n); err != nil {
				return err
			}
		}
		return nil
	}
	if long, ok := report.(itemised); ok && (o.format() == "json" || o.format() == "yaml") {
		return printItemised(w, long, o.format() == "yaml")
	}
	raw, err := json.Marshal(report)
	if err != nil {
		return err
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &u.Object); err != nil {
		return err
	}
	if o.isColumns() {
		return o.printColumns(w, u)
	}
	printer, err := o.flags.ToPrinter()
	if err != nil {
		return usagef("%s", err)
	}
	return printer.PrintObj(u, w)
}

// mostNamed is how many objects a message lists.
const mostNamed = 3
