package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json" // whole numbers stay whole
	"k8s.io/cli-runtime/pkg/genericclioptions"
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
	// list is the process of a command that prints a list, nil for others: see newListOutput.
	list *Env
	// sortBy and labels are the values of --sort-by and --show-labels.
	sortBy string
	labels bool
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

func (o *output) isWide() bool { return o.format() == wide }

// isGitHub: the result is also reported to a GitHub Actions workflow.
func (o *output) isGitHub() bool { return o.format() == github }

// check rejects an unknown format before the first request.
func (o *output) check() error {
	if o.sortBy != "" {
		if _, err := parsePath(o.sortBy); err != nil {
			return usagef("--sort-by: %s", err)
		}
	}
	switch {
	case o.human():
		return nil
	case o.isColumns():
		_, err := o.columns()
		return err
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
	if o.list != nil {
		formats = append(formats, customColumns, customColumnsFile)
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
		return o.printColumns(w, u.Object)
	}
	printer, err := o.flags.ToPrinter()
	if err != nil {
		return usagef("%s", err)
	}
	return printer.PrintObj(u, w)
}

// mostNamed is how many objects a message lists.
const mostNamed = 3
