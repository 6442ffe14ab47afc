package cmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// fileLimit is more than any object that a cluster stores.
const fileLimit = 16 << 20

// readFile reads a file, or standard input ("-"). A terminal and a pipe may have nothing to
// say for as long as they like, so a signal ends that.
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
		err = fmt.Errorf("%s is larger than %d MiB: that is no manifest", name, fileLimit>>20)
	}
	return data, err
}

// manifestObject is one object of a manifest: its text, and what tells it from others.
type manifestObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`

	text []byte
	file string
}

// readObjects reads the objects of a file, of standard input ("-"), or of the manifests in
// a folder, not those in folders below it. The lists that kubectl get writes are opened.
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

func parseObjects(data []byte) ([]manifestObject, error) {
	var out []manifestObject
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		raw, err := yaml.YAMLToJSON(doc)
		if err != nil {
			return nil, err
		}
		object := manifestObject{text: doc}
		if json.Unmarshal(raw, &object) != nil {
			return nil, errors.New("it is no manifest: it holds something else than objects")
		}
		if !strings.HasSuffix(object.Kind, "List") || object.Items == nil {
			if object.Kind != "" {
				out = append(out, object)
			}
			continue
		}
		for _, item := range object.Items {
			inner := manifestObject{text: item}
			if err := yaml.Unmarshal(item, &inner); err != nil {
				return nil, err
			}
			if inner.Kind == "" { // a StatefulSetList says it once for all
				inner.Kind, inner.APIVersion = strings.TrimSuffix(object.Kind, "List"), object.APIVersion
			}
			if inner.Kind != "" {
				out = append(out, inner)
			}
		}
	}
}

// onlyThese ends the sentence that something is not in a manifest.
func onlyThese(objects []manifestObject) string {
	if len(objects) == 0 {
		return ": it holds no object at all"
	}
	const most = 5
	var names []string
	for _, o := range objects {
		names = append(names, o.Kind+"/"+o.Metadata.Name)
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", more))
	}
	return ", only " + strings.Join(names, ", ")
}

// filenameError is what is wrong with a manifest, named once.
func filenameError(flag, name string, err error) error {
	if signal := (*SignalError)(nil); errors.As(err, &signal) {
		return err
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) && path.Path == name {
		err = path.Err
	}
	return usagef("%s %s: %s", flag, name, err)
}

// readManifests reads the objects of these kinds from files, as they would be made in the
// namespace where they name none. A file without any StatefulSet is a mistake.
func (c *common) readManifests(ctx context.Context, files []string, namespace string, kinds ...string) (*sts.Inventory, error) {
	inv := &sts.Inventory{TakenAt: c.env.Clock.Now()}
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
		return nil, usagef("--namespace=%s is no namespace: %s", given, problems[0])
	}
	for _, object := range objects {
		if !slices.Contains(kinds, object.Kind) {
			continue
		}
		if ns := object.Metadata.Namespace; given != "" && ns != "" && ns != given {
			return nil, usagef("--filename %s: %s %s is in namespace %s, not in %s as --namespace says", object.file, object.Kind, object.Metadata.Name, ns, given)
		}
		if err := c.addObject(inv, object, namespace); err != nil {
			return nil, err
		}
	}
	if len(inv.Sets) == 0 {
		return nil, usagef("--filename %s has no StatefulSet in it%s", strings.Join(files, ","), onlyThese(objects))
	}
	return inv, nil
}

// addObject puts an object of a manifest where it belongs.
func (c *common) addObject(inv *sts.Inventory, object manifestObject, namespace string) error {
	group, _, _ := strings.Cut(object.APIVersion, "/")
	switch {
	case object.Kind == "Service" && object.APIVersion == "v1":
		return addDecoded[corev1.Service](c, &inv.Services, object, namespace)
	case object.Kind == "PodDisruptionBudget" && group == policyv1.GroupName:
		return addDecoded[policyv1.PodDisruptionBudget](c, &inv.Budgets, object, namespace)
	case object.Kind == "HorizontalPodAutoscaler" && group == autoscalingv2.GroupName:
		return addDecoded[autoscalingv2.HorizontalPodAutoscaler](c, &inv.HPAs, object, namespace)
	case object.Kind == "StatefulSet" && group != appsv1.GroupName:
		warnTo(c.env.ErrOut, fmt.Sprintf("%s: StatefulSet %s is not Kubernetes' own but of %s", object.file, object.Metadata.Name, object.APIVersion))
	case object.Kind == "StatefulSet" && object.Metadata.Name == "":
		return usagef("--filename %s: a StatefulSet has no metadata.name", object.file)
	case object.Kind == "StatefulSet" && object.APIVersion != appsv1.SchemeGroupVersion.String():
		warnTo(c.env.ErrOut, fmt.Sprintf("%s: StatefulSet %s is of %s, which Kubernetes has no more: it is read as apps/v1", object.file, object.Metadata.Name, object.APIVersion))
		fallthrough
	case object.Kind == "StatefulSet":
		return addDecoded[appsv1.StatefulSet](c, &inv.Sets, object, namespace)
	}
	return nil
}

// addDecoded reads an object and adds it to the list.
func addDecoded[T any, P interface {
	*T
	metav1.Object
}](c *common, list *[]P, object manifestObject, namespace string) error {
	into := P(new(T))
	if err := c.decode(object, into); err != nil {
		return err
	}
	if into.GetNamespace() == "" {
		into.SetNamespace(namespace)
	}
	*list = append(*list, into)
	return nil
}

// decode reads an object of a manifest. A field that this program does not know may be one
// of a newer Kubernetes, or a mistake: it is told.
func (c *common) decode(object manifestObject, into any) error {
	what := func(err error) string {
		return fmt.Sprintf("%s: %s %s: %s", object.file, object.Kind, object.Metadata.Name,
			strings.TrimPrefix(err.Error(), "error unmarshaling JSON: while decoding JSON: json: "))
	}
	if err := yaml.Unmarshal(object.text, into); err != nil {
		return usagef("--filename %s", what(err))
	}
	if err := yaml.UnmarshalStrict(object.text, into); err != nil {
		warnTo(c.env.ErrOut, what(err))
	}
	return nil
}
