package doctor

import (
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// yamlOf is a value as YAML.
func yamlOf(value any) string {
	out, err := yaml.Marshal(value)
	if err != nil {
		panic(err) // plain data
	}
	return string(out)
}

// patchAt is a patch that sets a field, by its path: "spec.strategy".
func patchAt(path string, value any) string {
	for _, step := range slices.Backward(strings.Split(path, ".")) {
		value = map[string]any{step: value}
	}
	return yamlOf(value)
}
