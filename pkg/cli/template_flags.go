package cli

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// templateFlags are the flags that change the pod template.
type templateFlags struct {
	images    []string
	patch     string
	patchFile string
	restart   bool
}

func (o *templateFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.images, "image", nil, "Set the image to `[CONTAINER=]IMAGE`; can be repeated")
	f.StringVarP(&o.patch, "patch", "p", "", "Strategic merge `PATCH` for the pod template, in JSON or YAML")
	f.StringVar(&o.patchFile, "patch-file", "", "`FILE` with a strategic merge patch for the pod template (- for stdin)")
	f.BoolVar(&o.restart, "restart", false, "Set the restartedAt annotation, as kubectl rollout restart does")
	cmd.MarkFlagsMutuallyExclusive("patch", "patch-file")
	notEmpty(cmd, "image", "patch", "patch-file")
}

// given says whether the flags change the template.
func (o *templateFlags) given() bool {
	return len(o.images) > 0 || o.patch != "" || o.patchFile != "" || o.restart
}

// restartAt is the value of the restartedAt annotation, empty without --restart.
func (o *templateFlags) restartAt(now time.Time) string {
	if !o.restart {
		return ""
	}
	return now.UTC().Format(time.RFC3339)
}

func (o *templateFlags) parseImages() ([]operate.ImageRequest, error) {
	var images []operate.ImageRequest
	for _, s := range o.images {
		image, err := operate.ParseImage(s)
		if err != nil {
			return nil, usagef("--image: %s", err)
		}
		images = append(images, image)
	}
	return images, nil
}

// toOptions are the options that do not need the cluster.
func (o *templateFlags) toOptions(ctx context.Context, env *Env) (operate.StartOptions, error) {
	images, err := o.parseImages()
	if err != nil {
		return operate.StartOptions{}, err
	}
	options := operate.StartOptions{Images: images}
	patch, flag := []byte(o.patch), "--patch"
	if o.patchFile != "" {
		flag = "--patch-file"
		if patch, err = readFile(ctx, env, o.patchFile); err != nil {
			return options, filenameError(flag, o.patchFile, err)
		}
	}
	if len(patch) == 0 {
		return options, nil
	}
	raw, err := yaml.YAMLToJSONStrict(patch)
	if err != nil {
		return options, usagef("%s: invalid JSON or YAML: %s", flag, err)
	}
	var object map[string]any
	if json.Unmarshal(raw, &object) != nil || len(object) == 0 {
		return options, usagef("%s: must be an object, for example {\"spec\":{…}}", flag)
	}
	for key := range object {
		if key != "metadata" && key != "spec" {
			return options, usagef("%s: unknown field %q: the patch is for the pod template, which has metadata and spec", flag, key)
		}
	}
	if spec, ok := object["spec"].(map[string]any); ok && spec["template"] != nil {
		return options, usagef("%s: the patch is for the pod template: remove the outer spec.template", flag)
	}
	options.Patch = raw
	return options, nil
}
