package cli

import (
	"context"
	"encoding/json"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// manifestFile is a file with the StatefulSet's new manifest, and the flag that names it.
type manifestFile struct{ flag, path string }

// read finds the StatefulSet in the file, which may hold other objects too; nil when no file was given.
func (f manifestFile) read(ctx context.Context, env *Env, namespace string, args []string) ([]byte, error) {
	if f.path == "" {
		return nil, nil
	}
	name, err := setName(args)
	if err != nil {
		return nil, err
	}
	source := &manifestSource{files: []string{f.path}, flag: f.flag}
	objects, err := source.readAll(ctx, env)
	if err != nil {
		return nil, err
	}
	var found []manifest.Object
	elsewhere := ""
	for _, object := range objects {
		switch ns := object.Metadata.Namespace; {
		case !object.IsStatefulSet() || object.Metadata.Name != name:
		case ns != "" && ns != namespace:
			elsewhere = ns
		default:
			found = append(found, object)
		}
	}
	switch {
	case len(found) > 1:
		return nil, usagef("%s: %s", source, msgDefinedTwice(name))
	case len(found) == 0 && elsewhere != "":
		return nil, usagef("%s: StatefulSet %s is in namespace %s, but the current namespace is %s: set --namespace",
			source, name, elsewhere, namespace)
	case len(found) == 0:
		return nil, usagef("%s: StatefulSet %s not found%s", source, name, onlyThese(objects))
	}
	// A field that this program does not know would be lost.
	object := &found[0]
	problems, err := object.Decode(&appsv1.StatefulSet{})
	if err != nil {
		return nil, usagef("%s %s: %s: %s", f.flag, object.Where(""), object, err)
	}
	if len(problems) > 0 {
		var list []string
		for _, p := range problems {
			list = append(list, p.String())
		}
		return nil, usagef("%s %s: %s: %s", f.flag, object.Where(problems[0].Path), object, strings.Join(list, "; "))
	}
	return object.Raw, nil
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
		return nil, refused(reasonManifestChangesMore, message, hint)
	}
	return template, nil
}
