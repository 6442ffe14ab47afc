package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/jsonpath"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// patience is the timeout of "until" and of commands in the foreground. Scenarios take seconds, but
// longer on a busy machine.
var patience = flag.Duration("patience", 10*time.Minute, "how long a scenario waits for one thing")

// glance is the interval of "until".
const glance = 50 * time.Millisecond

// scenario has the shared state of the commands of a running script.
type scenario struct {
	cluster   *cluster.Cluster
	client    dynamic.Interface
	namespace string
	work      string
	realPods  bool // "deploy" puts pods on the real node

	saved     map[string]string // by "save" and "uids save"
	processes map[string]*process
	since     int // audit events before this one do not count
	markedAt  time.Time
	proxy     *proxy
	paused    []string // components of the cluster
	webhooks  map[string]*webhook
	atEnd     []func(context.Context) // removes objects outside the namespace
}

type scenarioKey struct{}

func of(ts *testscript.TestScript) *scenario { return ts.Value(scenarioKey{}).(*scenario) }

// setup gives the script a namespace of its own and a kubeconfig that points at it.
func setup(env *testscript.Env, c *cluster.Cluster, realPods bool) error {
	tb, ok := env.T().(testing.TB)
	if !ok {
		return errors.New("scenarios are run by go test")
	}
	client, err := dynamic.NewForConfig(c.RESTConfig())
	if err != nil {
		return err
	}
	s := &scenario{
		cluster: c, client: client, namespace: c.Namespace(tb), work: env.WorkDir, realPods: realPods,
		saved: map[string]string{}, processes: map[string]*process{},
	}
	env.Values[scenarioKey{}] = s
	env.Defer(s.end)
	kubeconfig := filepath.Join(env.WorkDir, "kubeconfig")
	if err := s.writeKubeconfig(c.Kubeconfig(), kubeconfig, ""); err != nil {
		return err
	}
	tools := filepath.Join(env.WorkDir, ".bin")
	if err := os.Mkdir(tools, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(c.Bin("kubectl"), filepath.Join(tools, "kubectl")); err != nil {
		return err
	}
	env.Setenv("PATH", strings.Join([]string{bin, tools, os.Getenv("PATH")}, string(os.PathListSeparator)))
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("LC_ALL", os.Getenv("LC_ALL"))
	env.Setenv("KUBECACHEDIR", kubecache)
	env.Setenv("KUBECONFIG", kubeconfig)
	env.Setenv("NS", s.namespace)
	examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("DNS", c.State().DNS)
	return nil
}

func (s *scenario) end() {
	for _, component := range s.paused { // if the scenario has failed
		_ = s.cluster.Resume(component)
	}
	for _, p := range s.processes {
		p.kill()
	}
	if s.proxy != nil {
		s.proxy.close()
	}
	ctx, cancel := requestContext()
	defer cancel()
	for _, end := range s.atEnd {
		end(ctx)
	}
	s.giveUpVolumes()
}

// giveUpVolumes deletes the retained volumes of this namespace's claims: they would outlive it.
// Errors are ignored, because the cluster is deleted later.
func (s *scenario) giveUpVolumes() {
	ctx, cancel := requestContext()
	defer cancel()
	kept, err := s.api("pv").List(ctx, metav1.ListOptions{LabelSelector: "kubectl-sts.dev/namespace=" + s.namespace})
	if err != nil {
		return
	}
	for _, v := range kept.Items {
		_, _ = s.api("pv").Patch(ctx, v.GetName(), types.MergePatchType,
			[]byte(`{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}`), metav1.PatchOptions{})
	}
}

// writeKubeconfig copies a kubeconfig so that it points at the scenario's
// namespace and, if one is given, at another address.
func (s *scenario) writeKubeconfig(from, to, address string) error {
	config, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return err
	}
	for _, c := range config.Contexts {
		c.Namespace = s.namespace
	}
	for _, c := range config.Clusters {
		if address != "" {
			c.Server = address
		}
	}
	return clientcmd.WriteToFile(*config, to)
}

// resources are the kinds that scenarios use, by their short names in kubectl.
var resources = map[string]schema.GroupVersionResource{
	"sts":    {Group: "apps", Version: "v1", Resource: "statefulsets"},
	"rev":    {Group: "apps", Version: "v1", Resource: "controllerrevisions"},
	"pod":    {Version: "v1", Resource: "pods"},
	"pvc":    {Version: "v1", Resource: "persistentvolumeclaims"},
	"svc":    {Version: "v1", Resource: "services"},
	"events": {Version: "v1", Resource: "events"},
	"quota":  {Version: "v1", Resource: "resourcequotas"},
	"pdb":    {Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
	"hpa":    {Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"},
	"pv":     {Version: "v1", Resource: "persistentvolumes"},
	"node":   {Version: "v1", Resource: "nodes"},
}

func (s *scenario) api(resource string) dynamic.ResourceInterface {
	if resource == "pv" || resource == "node" {
		return s.client.Resource(resources[resource]) // not namespaced
	}
	return s.client.Resource(resources[resource]).Namespace(s.namespace)
}

// get reads an object like sts/web or pod/web-0.
func (s *scenario) get(object string) (*unstructured.Unstructured, error) {
	kind, name, ok := strings.Cut(object, "/")
	if _, known := resources[kind]; !ok || !known {
		return nil, fmt.Errorf("%q is no object: write one like sts/web or pod/web-0", object)
	}
	if saved, ok := strings.CutPrefix(name, "@"); ok {
		name = s.saved[saved]
	}
	ctx, cancel := requestContext()
	defer cancel()
	return s.api(kind).Get(ctx, name, metav1.GetOptions{})
}

func requestContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Minute)
}

// query evaluates a JSONPath, like kubectl with or without braces. Values that are not strings are
// formatted as JSON; a field that does not exist is "".
func query(object any, path string) (string, error) {
	if !strings.HasPrefix(path, "{") {
		path = "{" + path + "}"
	}
	j := jsonpath.New("query").AllowMissingKeys(true)
	if err := j.Parse(path); err != nil {
		return "", err
	}
	found, err := j.FindResults(object)
	if err != nil {
		return "", err
	}
	out := ""
	for _, results := range found {
		var texts []string
		for _, r := range results {
			if !r.CanInterface() {
				continue
			}
			text, err := plain(r.Interface())
			if err != nil {
				return "", err
			}
			texts = append(texts, text)
		}
		out += strings.Join(texts, " ")
	}
	return out, nil
}

func plain(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	raw, err := json.Marshal(v)
	return string(raw), err
}
