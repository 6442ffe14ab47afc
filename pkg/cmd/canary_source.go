package cmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/cluster"
	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// startOptions are the forms in which `canary start` takes the change.
type startOptions struct {
	images    []string
	patch     string
	patchFile string
	manifest  string
	restart   bool
}

// intent reads what does not need the cluster.
func (o *startOptions) intent(env *Env) (plan.StartCanary, error) {
	var intent plan.StartCanary
	switch {
	case len(o.images) == 0 && o.patch == "" && o.patchFile == "" && o.manifest == "" && !o.restart:
		return intent, usagef("what is to change? give --image, --patch, --filename or --restart")
	case o.patch != "" && o.patchFile != "":
		return intent, usagef("--patch and --patch-file exclude each other")
	case o.manifest != "" && (len(o.images) > 0 || o.patch != "" || o.patchFile != "" || o.restart):
		return intent, usagef("--filename is the whole change: put the rest into the manifest")
	}
	for _, s := range o.images {
		image, err := plan.ParseImage(s)
		if err != nil {
			return intent, usagef("--image: %s", err)
		}
		intent.Images = append(intent.Images, image)
	}
	patch, flag := []byte(o.patch), "--patch"
	if o.patchFile != "" {
		var err error
		flag = "--patch-file"
		if patch, err = readFile(env, o.patchFile); err != nil {
			return intent, usagef("%s: %s", flag, err)
		}
	}
	if len(patch) == 0 {
		return intent, nil
	}
	raw, err := yaml.YAMLToJSONStrict(patch)
	if err != nil {
		return intent, usagef("%s is neither JSON nor YAML: %s", flag, err)
	}
	var object map[string]any
	if json.Unmarshal(raw, &object) != nil || len(object) == 0 {
		return intent, usagef("%s is not a patch of a pod template: write an object like {\"spec\":{…}}", flag)
	}
	for key := range object {
		if key != "metadata" && key != "spec" {
			return intent, usagef("%s: a pod template has metadata and spec, no %s; the patch is on the template, not on the StatefulSet", flag, key)
		}
	}
	if spec, ok := object["spec"].(map[string]any); ok && spec["template"] != nil {
		return intent, usagef("%s: the patch is on the pod template: leave out the outer spec.template", flag)
	}
	intent.Patch = raw
	return intent, nil
}

// fileLimit is more than any object that a cluster stores.
const fileLimit = 16 << 20

func readFile(env *Env, name string) ([]byte, error) {
	in := env.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, fileLimit+1))
	if err == nil && len(data) > fileLimit {
		err = fmt.Errorf("%s is larger than %d MiB: that is no manifest", name, fileLimit>>20)
	}
	return data, err
}

// manifestHead is what tells a manifest's object, or the list of them that
// kubectl get writes.
type manifestHead struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

// readManifest finds the StatefulSet in the file, which may hold other objects
// too; nil when no file was given.
func (o *startOptions) readManifest(env *Env, namespace string, args []string) ([]byte, error) {
	if o.manifest == "" {
		return nil, nil
	}
	name, err := setName(args)
	if err != nil {
		return nil, err
	}
	data, err := readFile(env, o.manifest)
	if err != nil {
		return nil, usagef("--filename: %s", err)
	}
	var others []string
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, usagef("--filename %s: %s", o.manifest, err)
		}
		var head manifestHead
		if err := yaml.Unmarshal(doc, &head); err != nil {
			return nil, usagef("--filename %s: %s", o.manifest, err)
		}
		docs := [][]byte{doc}
		if head.Kind == "List" {
			docs = nil
			for _, item := range head.Items {
				docs = append(docs, item)
			}
		}
		for _, doc := range docs {
			var head manifestHead
			if err := yaml.Unmarshal(doc, &head); err != nil {
				return nil, usagef("--filename %s: %s", o.manifest, err)
			}
			if head.Kind == "StatefulSet" && head.Metadata.Name == name {
				if ns := head.Metadata.Namespace; ns != "" && ns != namespace {
					return nil, usagef("--filename %s: its StatefulSet %s is in namespace %s, and this is about namespace %s: say which with --namespace",
						o.manifest, name, ns, namespace)
				}
				// A field that this program does not know would get lost on the way.
				if err := yaml.UnmarshalStrict(doc, &appsv1.StatefulSet{}); err != nil {
					return nil, usagef("--filename %s: %s", o.manifest, err)
				}
				return yaml.YAMLToJSON(doc)
			}
			if head.Kind != "" {
				others = append(others, head.Kind+"/"+head.Metadata.Name)
			}
		}
	}
	if len(others) == 0 {
		return nil, usagef("--filename %s has no StatefulSet %s in it: it holds no object at all", o.manifest, name)
	}
	return nil, usagef("--filename %s has no StatefulSet %s in it, only %s", o.manifest, name, strings.Join(others, ", "))
}

// manifestTemplate is the manifest's pod template as the server would store it,
// when that is all that the manifest changes.
func manifestTemplate(ctx context.Context, client *cluster.Client, s *sts.Snapshot, manifest []byte) (json.RawMessage, error) {
	template, others, err := client.TemplateOf(ctx, s.Set, manifest)
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		return nil, &outcomeError{Decision: plan.Decision{
			Verdict: plan.Refused, Reason: "ManifestChangesMore",
			Message: fmt.Sprintf("the manifest changes more of statefulset %s than its pod template: %s", s.Set.Name, strings.Join(others, ", ")),
			Hint:    "apply these by themselves first, or take them out of the file",
		}}
	}
	return template, nil
}
