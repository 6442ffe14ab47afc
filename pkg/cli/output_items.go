package cli

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"

	"sigs.k8s.io/yaml"
)

// itemised is a report that may have a hundred thousand items. They are printed one at a
// time: as one document they would take a gigabyte.
type itemised interface {
	// Split returns the report without its items, and the items one by one.
	Split() (head any, items iter.Seq[any])
}

// printItemised writes what cli-runtime's printers would.
func printItemised(w io.Writer, report itemised, asYAML bool) error {
	head, items := report.Split()
	fields, err := generic(head)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	write := func(text string) { _, _ = out.WriteString(text) } // Flush returns an error
	if !asYAML {
		write("{\n")
	}
	for n, key := range slices.Sorted(maps.Keys(fields)) {
		empty := true
		switch {
		case !asYAML && n > 0:
			write(",\n")
			fallthrough
		case !asYAML:
			write("    " + strconv.Quote(key) + ": ")
		}
		if key == "items" {
			for item := range items {
				if err := writeItem(out, item, empty, asYAML); err != nil {
					return err
				}
				empty = false
			}
			if !empty {
				if !asYAML {
					write("\n    ]")
				}
				continue
			}
			fields[key] = []any{}
		}
		var raw []byte
		if asYAML {
			raw, err = yaml.Marshal(map[string]any{key: fields[key]})
		} else {
			raw, err = json.MarshalIndent(fields[key], "    ", "    ")
		}
		if err != nil {
			return err
		}
		_, _ = out.Write(raw)
	}
	if !asYAML {
		write("\n}\n")
	}
	return out.Flush()
}

func writeItem(out *bufio.Writer, item any, first, asYAML bool) error {
	fields, err := generic(item)
	if err != nil {
		return err
	}
	before, marshal := "items:\n", func() ([]byte, error) { return yaml.Marshal([]any{fields}) }
	if !asYAML {
		before, marshal = "[\n        ", func() ([]byte, error) { return json.MarshalIndent(fields, "        ", "    ") }
	}
	raw, err := marshal()
	if err != nil {
		return err
	}
	switch {
	case first:
	case asYAML:
		before = ""
	default:
		before = ",\n        "
	}
	_, _ = out.WriteString(before)
	_, err = out.Write(raw)
	return err
}

// generic is a value as JSON has it, whose fields are printed in order of their names.
func generic(v any) (map[string]any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	err = json.Unmarshal(raw, &fields)
	return fields, err
}
