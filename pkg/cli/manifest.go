package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// fileLimit is larger than any object that a cluster stores.
const fileLimit = 16 << 20

// readFile reads a file, or standard input ("-"). Reading from a terminal or a pipe may block,
// so a signal interrupts it.
func readFile(ctx context.Context, env *Env, name string) ([]byte, error) {
	type content struct {
		data []byte
		err  error
	}
	read := make(chan content, 1)
	go func() {
		data, err := readAll(env, name)
		read <- content{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case c := <-read:
		return c.data, c.err
	}
}

func readAll(env *Env, name string) ([]byte, error) {
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
		err = errors.New(msgFileTooLarge(name, fileLimit>>20))
	}
	return data, err
}

// manifestObject is one object of a manifest.
type manifestObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`

	raw      []byte // JSON
	file     string
	document int        // in the file, from 1 on; 0 where the file has only one
	node     *yaml.Node // where the file is YAML, for lines
}

// where names the file of the object, with the line or the document.
func (o *manifestObject) where(path string) string {
	switch line := lineOf(o.node, path); {
	case line > 0:
		return fmt.Sprintf("%s:%d", o.file, line)
	case o.document > 0:
		return fmt.Sprintf("%s, document %d", o.file, o.document)
	}
	return o.file
}

// String names the object in a message.
func (o *manifestObject) String() string { return strings.TrimSpace(o.Kind + " " + o.Metadata.Name) }

// readObjects reads the objects of a file, of standard input ("-"), or of the manifests in
// a folder, not those in folders below it.
func readObjects(ctx context.Context, env *Env, name string) ([]manifestObject, error) {
	files := []string{name}
	if info, err := os.Stat(name); name != "-" && err == nil && info.IsDir() {
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		files = nil
		for _, e := range entries {
			if !e.IsDir() && slices.Contains([]string{".json", ".yaml", ".yml"}, filepath.Ext(e.Name())) {
				files = append(files, filepath.Join(name, e.Name()))
			}
		}
	}
	var out []manifestObject
	for _, file := range files {
		data, err := readFile(ctx, env, file)
		if err != nil {
			return nil, err
		}
		objects, err := parseObjects(data)
		if err != nil {
			if file != name {
				err = fmt.Errorf("%s: %w", filepath.Base(file), err)
			}
			return nil, err
		}
		for i := range objects {
			objects[i].file = file
		}
		out = append(out, objects...)
	}
	return out, nil
}

// onlyThese ends the error that an object is not in a manifest.
func onlyThese(objects []manifestObject) string {
	const most = 5
	var names []string
	for _, o := range objects {
		names = append(names, o.Kind+"/"+o.Metadata.Name)
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", more))
	}
	return msgFoundOnly(names)
}

// filenameError is an error of a manifest that names the file once.
func filenameError(flag, name string, err error) error {
	if signal := (*SignalError)(nil); errors.As(err, &signal) {
		return err
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) && path.Path == name {
		err = path.Err
	}
	return usagef("%s %s: %s", flag, name, err)
}

// readManifests reads StatefulSets and related objects from files. Objects without a namespace
// get the one that kubectl would use, or that of the other objects where these have only one.
// With --namespace only the sets in that namespace are read. A file without any StatefulSet is
// an error.
func (c *common) readManifests(ctx context.Context, files []string, namespace string) (*sts.Inventory, error) {
	var objects []manifestObject
	for _, file := range files {
		found, err := readObjects(ctx, c.env, file)
		if err != nil {
			return nil, filenameError("--filename", file, err)
		}
		objects = append(objects, found...)
	}
	given := *c.config.Namespace
	if problems := validation.IsDNS1123Label(given); given != "" && len(problems) > 0 {
		return nil, invalidFlag("namespace", given, problems[0])
	}
	inv := &sts.Inventory{TakenAt: c.env.Clock.Now()}
	for i := range objects {
		if err := c.addObject(inv, &objects[i]); err != nil {
			return nil, err
		}
	}
	if len(inv.Sets) == 0 {
		return nil, usagef("--filename %s: no StatefulSet found%s", strings.Join(files, ","), onlyThese(objects))
	}
	c.placeObjects(inv, given, namespace)
	if given == "" {
		return inv, nil
	}
	elsewhere := inv.Sets[0]
	inv.Sets = slices.DeleteFunc(inv.Sets, func(s *appsv1.StatefulSet) bool { return s.Namespace != given })
	if len(inv.Sets) == 0 {
		return nil, usagef("--filename %s: StatefulSet %s is in namespace %s, but --namespace is %s",
			strings.Join(files, ","), elsewhere.Name, elsewhere.Namespace, given)
	}
	return inv, nil
}

// placeObjects sets the namespace of the objects that have none.
func (c *common) placeObjects(inv *sts.Inventory, given, namespace string) {
	var homeless []metav1.Object
	named := map[string]bool{}
	for _, o := range inv.Objects() {
		if o.GetNamespace() == "" {
			homeless = append(homeless, o)
			continue
		}
		named[o.GetNamespace()] = true
	}
	if len(homeless) > 0 && len(named) == 1 && given == "" && !named[namespace] {
		namespace = slices.Collect(maps.Keys(named))[0]
		noteTo(c.env.ErrOut, msgAssumedNamespace(namespace))
	}
	for _, o := range homeless {
		o.SetNamespace(namespace)
	}
}

// addObject adds an object of a manifest to its list in the inventory.
func (c *common) addObject(inv *sts.Inventory, object *manifestObject) error {
	inv.Texts = append(inv.Texts, sts.ManifestText{Kind: object.Kind, Namespace: object.Metadata.Namespace, Name: object.Metadata.Name, JSON: object.raw})
	if problem := object.unserved(); problem != "" {
		return usagef("--filename %s: %s", object.where(""), problem)
	}
	group, _, _ := strings.Cut(object.APIVersion, "/")
	switch {
	case object.Kind == "Service" && object.APIVersion == "v1":
		return addDecoded(c, inv, &inv.Services, object)
	case object.Kind == "Endpoints" && object.APIVersion == "v1":
		return addDecoded(c, inv, &inv.Endpoints, object)
	case object.Kind == "EndpointSlice" && group == discoveryv1.GroupName:
		return addDecoded(c, inv, &inv.Slices, object)
	case object.Kind == "PodDisruptionBudget" && group == policyv1.GroupName:
		return addDecoded(c, inv, &inv.Budgets, object)
	case object.Kind == "HorizontalPodAutoscaler" && group == autoscalingv2.GroupName:
		return addDecoded(c, inv, &inv.HPAs, object)
	case object.Kind == "StatefulSet" && group != appsv1.GroupName:
		warnTo(c.env.ErrOut, msgOtherStatefulSet(object.where(""), object.Metadata.Name, object.APIVersion))
	case object.Kind == "StatefulSet" && object.Metadata.Name == "":
		return usagef("--filename %s: metadata.name of a StatefulSet is required", object.where(""))
	case object.Kind == "StatefulSet" && object.APIVersion != appsv1.SchemeGroupVersion.String():
		warnTo(c.env.ErrOut, msgRemovedVersion(object.where(""), object.Metadata.Name, object.APIVersion))
		fallthrough
	case object.Kind == "StatefulSet":
		return addDecoded(c, inv, &inv.Sets, object)
	}
	return nil
}

// addDecoded decodes an object and adds it to the list. It warns about a field that this program
// does not know: it may belong to a newer Kubernetes, or be a mistake.
func addDecoded[T any, P interface {
	*T
	metav1.Object
}](c *common, inv *sts.Inventory, list *[]P, object *manifestObject) error {
	into := P(new(T))
	problems, err := sts.DecodeObject(object.raw, into)
	if err != nil {
		return usagef("--filename %s: %s: %s", object.where(""), object, err)
	}
	for _, p := range object.problems(problems) {
		warnTo(c.env.ErrOut, msgFieldProblem(object.where(p.Path), object.String(), p.String(), consequence(p)))
		inv.Problems = append(inv.Problems, sts.ManifestProblem{Object: into, FieldProblem: p})
	}
	*list = append(*list, into)
	return nil
}

// consequence is the effect on the field.
func consequence(p sts.FieldProblem) string {
	switch {
	case p.Twice:
		return msgDuplicateField()
	case p.Nearest != "":
		return msgMisspelledField()
	}
	return msgUnknownField()
}
