// Package manifest reads manifests as kubectl does: streams of YAML or JSON, in UTF-8 or UTF-16, lists and
// typed lists, with the positions of all fields. It reads no files.
package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Object is one object of a manifest.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`

	// Raw is the object in JSON.
	Raw json.RawMessage `json:"-"`
	// File is the file that contains the object, "-" for standard input.
	File string `json:"-"`
	// Document is its number in the file, from 1 on; 0 where the file has only one.
	Document int `json:"-"`

	node *yaml.Node // where the file is YAML, for lines
}

// FileProblem is a manifest that could not be read.
type FileProblem struct {
	// File is the manifest.
	File string `json:"file"`
	// Message is why it could not be read.
	Message string `json:"message"`
}

// Where names the file of the object, with the line of a field or the document.
func (o *Object) Where(path string) string {
	switch line := lineOf(o.node, path); {
	case line > 0:
		return fmt.Sprintf("%s:%d", o.File, line)
	case o.Document > 0:
		return fmt.Sprintf("%s, document %d", o.File, o.Document)
	}
	return o.File
}

// Line is the line of a field, or of the nearest field above it that exists; 0 where no line is known.
func (o *Object) Line(path string) int {
	for path != "" {
		if line := lineOf(o.node, path); line > 0 {
			return line
		}
		if item := nodeAt(o.node, path); item != nil {
			return item.Line
		}
		path = path[:max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['), 0)]
	}
	if o.node == nil {
		return 0
	}
	return o.node.Line
}

// IsStatefulSet says whether the object is one of Kubernetes' own StatefulSets.
func (o *Object) IsStatefulSet() bool {
	return o.Kind == "StatefulSet" && o.Group() == appsv1.GroupName
}

// From sets where the object comes from, where that is no file with lines.
func (o *Object) From(name string) { o.File, o.node = name, nil }

// String names the object in a message.
func (o *Object) String() string { return strings.TrimSpace(o.Kind + " " + o.Metadata.Name) }

// Decode decodes the object as the API server does, and returns what strict field validation rejects. With an
// error of sts.TypeProblems the object is there all the same.
func (o *Object) Decode(into any) ([]sts.FieldProblem, error) {
	found, err := sts.DecodeObject(o.Raw, into)
	if types := (sts.TypeProblems)(nil); err != nil && !errors.As(err, &types) {
		return nil, err
	}
	return o.problems(found), err
}

// isTemplate: the object is a Helm template that is YAML all the same, because the template's own text is quoted
// everywhere.
func (o *Object) isTemplate() bool {
	const opening = "{{"
	if strings.Contains(o.Metadata.Name, opening) {
		return true
	}
	type containers []struct {
		Image string `json:"image"`
	}
	var workload struct {
		Spec struct {
			Template struct {
				Spec struct {
					InitContainers containers `json:"initContainers"`
					Containers     containers `json:"containers"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	if o.Group() != appsv1.GroupName || !strings.Contains(string(o.Raw), opening) || json.Unmarshal(o.Raw, &workload) != nil {
		return false
	}
	for _, c := range append(workload.Spec.Template.Spec.InitContainers, workload.Spec.Template.Spec.Containers...) {
		if strings.Contains(c.Image, opening) {
			return true
		}
	}
	return false
}
