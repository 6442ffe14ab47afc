package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/util/jsonpath"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// kubectl's formats for columns of one's own. kubectl's package for them takes 30 ms to start, in every command.
const (
	customColumns     = "custom-columns"
	customColumnsFile = "custom-columns-file"
)

// newListOutput is an output with kubectl's flags for lists: --no-headers, --sort-by and -o custom-columns, whose
// paths are those of an item of the report.
func newListOutput(c *common, cmd *cobra.Command, own ...string) *output {
	o := newText()
	o.list = c.env
	o.addFlags(cmd, own...)
	cmd.Flags().BoolVar(&c.env.noHeaders, "no-headers", false, "Print tables without headers")
	cmd.Flags().StringVar(&o.sortBy, "sort-by", "", "Sort the list by this `PATH` of its items in -o json (for example .name)")
	return o
}

// showsLabels adds --show-labels, for lists of objects of the cluster.
func (o *output) showsLabels(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.labels, "show-labels", false, "Print a table with a column of labels")
}

// tableColumns are the columns that the flags add to a table.
func (o *output) tableColumns(namespace bool) render.Columns {
	return render.Columns{Namespace: namespace, Wide: o.isWide(), Labels: o.labels}
}

// parsePath reads a path as kubectl does: {.a.b}, .a.b or a.b.
func parsePath(path string) (*jsonpath.JSONPath, error) {
	plain := strings.TrimSuffix(strings.TrimPrefix(path, "{"), "}")
	if strings.ContainsAny(plain, "{}") || strings.HasPrefix(path, "{") != strings.HasSuffix(path, "}") {
		return nil, fmt.Errorf("%q must be a JSONPath: {.a.b}, .a.b or a.b", path)
	}
	parser := jsonpath.New("path").AllowMissingKeys(true)
	err := parser.Parse("{." + strings.TrimPrefix(plain, ".") + "}")
	return parser, err
}

// valuesAt are the values that an item has at a path.
func valuesAt(item any, path *jsonpath.JSONPath) []any {
	found, err := path.FindResults(item)
	if err != nil || len(found) == 0 { // such as a field of what is no object
		return nil
	}
	var out []any
	for _, v := range found[0] {
		out = append(out, v.Interface())
	}
	return out
}

// column is one of -o custom-columns.
type column struct {
	title string
	path  *jsonpath.JSONPath
}

// isColumns: the items of a list are printed with -o custom-columns or -o custom-columns-file.
func (o *output) isColumns() bool {
	format, _, _ := strings.Cut(o.format(), "=")
	return o.list != nil && (format == customColumns || format == customColumnsFile)
}

// columns reads TITLE:PATH,… or a file with a line of titles and one of paths.
func (o *output) columns() ([]column, error) {
	format, value, _ := strings.Cut(o.format(), "=")
	var titles, paths []string
	if format == customColumnsFile {
		raw, err := os.ReadFile(value)
		if err != nil {
			return nil, filenameError("--output", value, err)
		}
		first, second, _ := strings.Cut(string(raw), "\n")
		titles, paths = strings.Fields(first), strings.Fields(second)
		if len(titles) == 0 || len(titles) != len(paths) {
			return nil, usagef("--output: %s must have a line of titles and a line with as many paths", value)
		}
	} else {
		for _, part := range strings.Split(value, ",") {
			title, path, ok := strings.Cut(part, ":")
			if !ok || path == "" {
				return nil, usagef("--output: invalid column %q, must be TITLE:PATH (for example NAME:.name)", part)
			}
			titles, paths = append(titles, title), append(paths, path)
		}
	}
	columns := make([]column, len(titles))
	for i := range titles {
		path, err := parsePath(paths[i])
		if err != nil {
			return nil, usagef("--output: column %s: %s", titles[i], err)
		}
		columns[i] = column{titles[i], path}
	}
	return columns, nil
}

// printColumns prints the items of a report in columns, as kubectl does.
func (o *output) printColumns(w io.Writer, report map[string]any) error {
	columns, err := o.columns()
	if err != nil {
		return err
	}
	table := printers.GetNewTabWriter(w)
	line := func(text func(column) string) {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = render.OneLine(text(c))
		}
		_, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) // the error is that of Flush
	}
	if !o.list.noHeaders {
		line(func(c column) string { return c.title })
	}
	items, _ := report["items"].([]any)
	for _, item := range items {
		line(func(c column) string {
			var values []string
			for _, v := range valuesAt(item, c.path) {
				values = append(values, fmt.Sprint(v))
			}
			return cmp.Or(strings.Join(values, ","), "<none>")
		})
	}
	return table.Flush()
}

// sortItems sorts the items of a report as --sort-by says: numbers and quantities by size, what has no value first.
func sortItems[T any](o *output, items []T) error {
	if o.sortBy == "" || len(items) == 0 {
		return nil
	}
	path, err := parsePath(o.sortBy)
	if err != nil {
		return err
	}
	type keyed struct {
		item T
		key  any
	}
	all := make([]keyed, len(items))
	found := false
	for i, item := range items {
		raw, err := json.Marshal(item)
		if err != nil {
			return err
		}
		var fields any
		if err := json.Unmarshal(raw, &fields); err != nil {
			return err
		}
		all[i].item = item
		if values := valuesAt(fields, path); len(values) > 0 {
			all[i].key, found = values[0], true
		}
		switch all[i].key.(type) {
		case map[string]any, []any:
			return invalidFlag("sort-by", o.sortBy, "must be a field with one value, as -o json shows them")
		}
	}
	if !found {
		return invalidFlag("sort-by", o.sortBy, "must be a field of an item, as -o json shows them")
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return compareValues(a.key, b.key) })
	for i := range all {
		items[i] = all[i].item
	}
	return nil
}

// compareValues compares two values that a field has in JSON, or nil.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case bool:
		if b, ok := b.(bool); ok && a != b {
			if a {
				return 1
			}
			return -1
		}
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b)
		}
	case string:
		if b, ok := b.(string); ok {
			return compareTexts(a, b)
		}
	}
	return cmp.Compare(fmt.Sprintf("%T", a), fmt.Sprintf("%T", b)) // "<nil>" is the first
}

// compareTexts compares quantities by size, and other texts by their letters.
func compareTexts(a, b string) int {
	x, err := resource.ParseQuantity(a)
	if err != nil {
		return cmp.Compare(a, b)
	}
	y, err := resource.ParseQuantity(b)
	if err != nil {
		return cmp.Compare(a, b)
	}
	return x.Cmp(y)
}
