package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// startOptions are the flags with which `canary start` is given the change.
type startOptions struct {
	images    []string
	patch     string
	patchFile string
	manifest  string
	restart   bool
	// manifestFlag is the name of the flag, --filename when empty.
	manifestFlag string
}

// intent is the part of the intent that does not need the cluster.
func (o *startOptions) intent(ctx context.Context, env *Env) (operate.StartCanary, error) {
	var intent operate.StartCanary
	for _, s := range o.images {
		image, err := operate.ParseImage(s)
		if err != nil {
			return intent, usagef("--image: %s", err)
		}
		intent.Images = append(intent.Images, image)
	}
	patch, flag := []byte(o.patch), "--patch"
	if o.patchFile != "" {
		var err error
		flag = "--patch-file"
		if patch, err = readFile(ctx, env, o.patchFile); err != nil {
			return intent, filenameError(flag, o.patchFile, err)
		}
	}
	if len(patch) == 0 {
		return intent, nil
	}
	raw, err := yaml.YAMLToJSONStrict(patch)
	if err != nil {
		return intent, usagef("%s: invalid JSON or YAML: %s", flag, err)
	}
	var object map[string]any
	if json.Unmarshal(raw, &object) != nil || len(object) == 0 {
		return intent, usagef("%s: must be an object, for example {\"spec\":{…}}", flag)
	}
	for key := range object {
		if key != "metadata" && key != "spec" {
			return intent, usagef("%s: unknown field %q: the patch is for the pod template, which has metadata and spec", flag, key)
		}
	}
	if spec, ok := object["spec"].(map[string]any); ok && spec["template"] != nil {
		return intent, usagef("%s: the patch is for the pod template: remove the outer spec.template", flag)
	}
	intent.Patch = raw
	return intent, nil
}

// readManifest finds the StatefulSet in the file, which may hold other objects
// too; nil when no file was given.
func (o *startOptions) readManifest(ctx context.Context, env *Env, namespace string, args []string) ([]byte, error) {
	if o.manifest == "" {
		return nil, nil
	}
	name, err := setName(args)
	if err != nil {
		return nil, err
	}
	flag := cmp.Or(o.manifestFlag, "--filename")
	objects, err := readObjects(ctx, env, o.manifest)
	if err != nil {
		return nil, filenameError(flag, o.manifest, err)
	}
	var found []manifestObject
	elsewhere := ""
	for _, object := range objects {
		switch ns := object.Metadata.Namespace; {
		case object.Kind != "StatefulSet" || object.Metadata.Name != name:
		case ns != "" && ns != namespace:
			elsewhere = ns
		default:
			found = append(found, object)
		}
	}
	switch {
	case len(found) > 1:
		return nil, usagef("%s %s: StatefulSet %s is defined more than once", flag, o.manifest, name)
	case len(found) == 0 && elsewhere != "":
		return nil, usagef("%s %s: StatefulSet %s is in namespace %s, but the current namespace is %s: set --namespace",
			flag, o.manifest, name, elsewhere, namespace)
	case len(found) == 0:
		return nil, usagef("%s %s: StatefulSet %s not found%s", flag, o.manifest, name, onlyThese(objects))
	}
	// A field that this program does not know would be lost.
	object := &found[0]
	problems, err := sts.DecodeObject(object.raw, &appsv1.StatefulSet{})
	if err != nil {
		return nil, usagef("%s %s: %s: %s", flag, object.where(""), object, err)
	}
	if problems = object.problems(problems); len(problems) > 0 {
		var list []string
		for _, p := range problems {
			list = append(list, p.String())
		}
		return nil, usagef("%s %s: %s: %s", flag, object.where(problems[0].Path), object, strings.Join(list, "; "))
	}
	return object.raw, nil
}

// manifestTemplate is the manifest's pod template as the server would store it,
// when that is all that the manifest changes.
func manifestTemplate(ctx context.Context, client *kube.Client, s *sts.Snapshot, manifest []byte) (json.RawMessage, error) {
	next, err := kube.Merged(s.Set, manifest)
	if err != nil {
		return nil, err
	}
	reach := sts.Kubectl(s.Set.Namespace, "sts plan", s.Set.Name, "--delete", "--cascade=orphan")
	if err := immutable(s.Set, next, reach); err != nil {
		return nil, err
	}
	template, others, err := client.TemplateOf(ctx, s.Set, manifest)
	if refusal := immutableForServer(err, s.Set, reach); refusal != nil {
		return nil, refusal
	}
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		message, hint := msgManifestChangesMore(s.Set.Name, others)
		return nil, &outcomeError{Decision: operate.Decision{
			Verdict: operate.Refused, Reason: "ManifestChangesMore",
			Message: message, Hint: hint,
		}}
	}
	return template, nil
}
