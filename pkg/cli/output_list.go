package cli

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"
	"k8s.io/kubectl/pkg/cmd/get"

	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// newListOutput is an output with kubectl's flags for lists: --no-headers, --sort-by and -o custom-columns, whose
// paths are those of an item of the report.
func newListOutput(c *common, cmd *cobra.Command, own ...string) *output {
	o := newText()
	o.columns = get.NewCustomColumnsPrintFlags()
	o.addFlags(cmd, own...)
	cmd.Flags().BoolVar(&o.columns.NoHeaders, "no-headers", false, "Print tables without headers")
	cmd.Flags().StringVar(&o.sortBy, "sort-by", "", "Sort the list by this `PATH` of its items in -o json (for example .name)")
	o.env = c.env
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

// checkList rejects what is wrong with the flags of a list.
func (o *output) checkList() error {
	if o.columns == nil {
		return nil
	}
	o.env.noHeaders = o.columns.NoHeaders
	_, err := parsePath(o.sortBy)
	return err
}

// parsePath reads a path as kubectl does: {.a.b}, .a.b or a.b.
func parsePath(path string) (*jsonpath.JSONPath, error) {
	expression, err := get.RelaxedJSONPathExpression(path)
	if err == nil {
		parser := jsonpath.New("sort-by").AllowMissingKeys(true)
		if err = parser.Parse(expression); err == nil {
			return parser, nil
		}
	}
	return nil, invalidFlag("sort-by", path, "must be a JSONPath: "+err.Error())
}

// printColumns prints the items of a report with -o custom-columns.
func (o *output) printColumns(w io.Writer, report *unstructured.Unstructured) error {
	printer, err := o.columns.ToPrinter(o.format())
	if err != nil {
		return usagef("%s", err)
	}
	list := &unstructured.UnstructuredList{Object: map[string]any{}}
	items, _, _ := unstructured.NestedSlice(report.Object, "items")
	for _, item := range items {
		if fields, ok := item.(map[string]any); ok {
			list.Items = append(list.Items, unstructured.Unstructured{Object: fields})
		}
	}
	return printer.PrintObj(list, w)
}

// sortItems sorts the items of a report as --sort-by says: numbers and quantities by size, what has no value first.
func sortItems[T any](o *output, items []T) error {
	if o.sortBy == "" || len(items) == 0 {
		return nil
	}
	parser, err := parsePath(o.sortBy)
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
		all[i] = keyed{item, nil}
		if values, err := parser.FindResults(fields); err == nil && len(values) > 0 && len(values[0]) > 0 {
			all[i].key, found = values[0][0].Interface(), true
			switch all[i].key.(type) {
			case map[string]any, []any:
				return invalidFlag("sort-by", o.sortBy, "must be a field with one value, as -o json shows them")
			}
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

// compareValues compares values of JSON.
func compareValues(a, b any) int {
	rank := func(v any) int {
		switch v.(type) {
		case nil:
			return 0
		case bool:
			return 1
		case float64:
			return 2
		case string:
			return 3
		}
		return 4
	}
	if rank(a) != rank(b) {
		return cmp.Compare(rank(a), rank(b))
	}
	switch a := a.(type) {
	case bool:
		if a == b.(bool) {
			return 0
		} else if a {
			return 1
		}
		return -1
	case float64:
		return cmp.Compare(a, b.(float64))
	case string:
		b := b.(string)
		if x, err := resource.ParseQuantity(a); err == nil {
			if y, err := resource.ParseQuantity(b); err == nil {
				return x.Cmp(y)
			}
		}
		return cmp.Compare(a, b)
	}
	return 0
}
