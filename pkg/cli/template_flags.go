package cli

import (
	"context"
	"encoding/json"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
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
