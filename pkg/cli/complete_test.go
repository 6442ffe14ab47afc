package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gotest.tools/v3/assert"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// Every flag that takes a value says how it is completed, and no entry is left of a flag that is gone.
func TestEveryFlagIsCompleted(t *testing.T) {
	root := NewRoot(Env{Called: "kubectl sts"})
	unused := flagCompleters()
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		path := strings.TrimPrefix(cmd.CommandPath(), root.CommandPath()+" ")
		check := func(f *pflag.Flag) {
			if _, ok := cmd.GetFlagCompletionFunc(f.Name); !ok {
				t.Errorf("%s --%s: add to flagCompleters how its value is completed", path, f.Name)
			}
			if key := path + " --" + f.Name; unused[key] != nil {
				delete(unused, key)
				return
			}
			delete(unused, "--"+f.Name)
		}
		cmd.Flags().VisitAll(check)
		cmd.PersistentFlags().VisitAll(check)
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(root)
	for key := range unused {
		t.Errorf("flagCompleters has %s, but no such flag exists", key)
	}
}

// Every command that takes arguments completes them, and one that takes none offers no files.
func TestEveryArgumentIsCompleted(t *testing.T) {
	each(NewRoot(Env{Called: "kubectl sts"}), func(cmd *cobra.Command) {
		takes := strings.Contains(strings.ReplaceAll(cmd.Use, "[command]", ""), "NAME") || strings.Contains(cmd.Use, "FILE...")
		if takes && cmd.ValidArgsFunction == nil {
			t.Errorf("%s has no ValidArgsFunction", cmd.CommandPath())
		}
	})
}

// world is an API server with a few objects: the responses by path.
type world struct {
	requests atomic.Int64
	paths    map[string]string
	hangs    bool
}

func (s *world) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	if s.hangs {
		<-r.Context().Done()
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", ststest.Now.UTC().Format(http.TimeFormat))
	w.Header().Set("Warning", `299 - "deprecated"`)
	if body, ok := s.paths[r.URL.Path]; ok {
		_, _ = fmt.Fprint(w, body)
		return
	}
	w.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`)
}

const (
	webSet = `{"metadata":{"name":"web","namespace":"shop","uid":"w","labels":{"app":"web"},"annotations":{"team/replicas":"5","team/name":"db"}},
	"spec":{"replicas":2,"serviceName":"web","selector":{"matchLabels":{"app":"web"}},
	"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"app","image":"reg:5000/app:v2"}],"initContainers":[{"name":"init","image":"init:v1"}]}}},
	"status":{"replicas":2,"readyReplicas":1,"currentRevision":"web-1","updateRevision":"web-2"}}`
	dbSet = `{"metadata":{"name":"db","namespace":"shop","uid":"d","labels":{"app":"db"}},
	"spec":{"replicas":1,"serviceName":"db","selector":{"matchLabels":{"app":"db"}},
	"template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"db","image":"db:1"},{"name":"side","image":"side:1"}]}}},"status":{"readyReplicas":1}}`
	owner = `"ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"w","controller":true}]`
)

func podOf(ordinal int, revision, node, ready string) string {
	return fmt.Sprintf(`{"metadata":{"name":"web-%d","namespace":"shop","labels":{"app":"web","controller-revision-hash":%q},%s},
	"spec":{"nodeName":%q,"containers":[{"name":"app","image":"reg:5000/app:v2"},{"name":"side","image":"side:1"}]},
	"status":{"phase":"Running","conditions":[{"type":"Ready","status":%q,"lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`, ordinal, revision, owner, node, ready)
}

func revisionOf(n int, image string) string {
	return fmt.Sprintf(`{"metadata":{"name":"web-%d","namespace":"shop","labels":{"app":"web"},%s},"revision":%d,
	"data":{"spec":{"template":{"$patch":"replace","spec":{"containers":[{"name":"app","image":%q}]}}}}}`, n, owner, n, image)
}

func listOf(apiVersion, kind string, items ...string) string {
	return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{},"items":[%s]}`, apiVersion, kind, strings.Join(items, ","))
}

func kinded(apiVersion, kind, object string) string {
	return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,%s`, apiVersion, kind, object[1:])
}

func newWorld() *world {
	const core, apps = "/api/v1/namespaces/shop/", "/apis/apps/v1/namespaces/shop/"
	claim := func(name, more string) string {
		return fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"shop","uid":%q%s},"spec":{"volumeName":"pv-%s"},"status":{"phase":"Bound","capacity":{"storage":"1Gi"}}}`, name, name, more, name)
	}
	record, _ := json.Marshal(`{"uid":"1","reclaimPolicy":"Delete","deletedAt":"` + ststest.Now.Add(-time.Hour).Format(time.RFC3339) +
		`","claim":{"metadata":{"name":"data-web-7","namespace":"shop"}}}`)
	return &world{paths: map[string]string{
		"/api/v1/namespaces":            listOf("v1", "NamespaceList", `{"metadata":{"name":"shop"},"status":{"phase":"Active"}}`, `{"metadata":{"name":"old"},"status":{"phase":"Terminating"}}`),
		"/api/v1/nodes":                 listOf("v1", "NodeList", `{"metadata":{"name":"node-1"}}`, `{"metadata":{"name":"node-2"}}`),
		"/api/v1/persistentvolumes":     listOf("v1", "PersistentVolumeList", `{"metadata":{"name":"pv-7","annotations":{"kubectl-sts.dev/claim":`+string(record)+`}}}`),
		core + "pods":                   listOf("v1", "PodList", podOf(0, "web-1", "node-1", "True"), podOf(1, "web-2", "node-2", "False")),
		core + "pods/web-1":             kinded("v1", "Pod", podOf(1, "web-2", "node-2", "False")),
		core + "services/web":           `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"name":"sql","port":5432,"protocol":"TCP"},{"port":80,"protocol":"TCP"}]}}`,
		core + "persistentvolumeclaims": listOf("v1", "PersistentVolumeClaimList", claim("data-web-0", ""), claim("data-web-4", `,"deletionTimestamp":"`+ststest.Now.Add(-time.Minute).Format(time.RFC3339)+`"`)),
		apps + "statefulsets":           listOf("apps/v1", "StatefulSetList", dbSet, webSet),
		apps + "statefulsets/web":       kinded("apps/v1", "StatefulSet", webSet),
		apps + "statefulsets/db":        kinded("apps/v1", "StatefulSet", dbSet),
		apps + "controllerrevisions":    listOf("apps/v1", "ControllerRevisionList", revisionOf(1, "reg:5000/app:v1"), revisionOf(2, "reg:5000/app:v2")),
		"/apis/apps/v1/statefulsets":    listOf("apps/v1", "StatefulSetList", dbSet, webSet),
	}}
}

// completeIn completes a command line with a kubeconfig for the server.
func completeIn(t *testing.T, server string, args ...string) *invocation {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config")
	assert.NilError(t, os.WriteFile(config, []byte(`{"apiVersion":"v1","kind":"Config","current-context":"lab",
	"contexts":[{"name":"lab","context":{"cluster":"one","user":"kim","namespace":"shop"}},{"name":"live","context":{"cluster":"two","user":"root"}}],
	"clusters":[{"name":"one","cluster":{"server":"`+server+`"}},{"name":"two","cluster":{"server":"https://two.example.com"}}],
	"users":[{"name":"kim","user":{}},{"name":"root","user":{}}]}`), 0o600))
	t.Setenv("KUBECONFIG", config)
	i := &invocation{}
	env := Env{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &i.out, ErrOut: &i.err},
		Clock:     testingclock.NewFakeClock(ststest.Now), Called: "kubectl sts", Getenv: func(string) string { return "" },
	}
	i.code = Exit(&i.err, Execute(t.Context(), env, CommandLine(append([]string{"/usr/bin/kubectl_complete-sts"}, args...))))
	return i
}

func TestCompletion(t *testing.T) {
	const none, sorted, open, files, suffixes, folders = ":4", ":36", ":6", ":0", ":8", ":16"
	web0, web1 := "0\tReady on node-1, not updated", "1\tRunning on node-2, updated"
	for line, want := range map[string][]string{
		// Commands.
		"auth canary ": {"start", "status", "promote", "abort", none},
		"auth pvc":     {"pvc-gc", none},
		"auth status ": {none},
		"auth canary promote --with check-exec,p": {"check-exec,pod-check", none},
		"auth canary go --with ":                  {none},

		// Names.
		"status ":                       {"db\t1/1 ready", "web\t1/2 ready", none},
		"status w":                      {"web\t1/2 ready", none},
		"status sts/w":                  {"sts/web\t1/2 ready", none},
		"status statefulset.apps/":      {"statefulset.apps/db\t1/1 ready", "statefulset.apps/web\t1/2 ready", none},
		"status pod/":                   {none},
		"status sts ":                   {"db\t1/1 ready", "web\t1/2 ready", none},
		"status web ":                   {"db\t1/1 ready", none},
		"status sts/web ":               {"db\t1/1 ready", none},
		"status -A ":                    {none},
		"status -l app=web ":            {none},
		"restart web ":                  {"db\t1/1 ready", none},
		"pause sts/web sts/":            {"sts/db\t1/1 ready", none},
		"resume -l app=web ":            {none},
		"unstick web db ":               {none},
		"canary promote ":               {"db\t1/1 ready", "web\t1/2 ready", none},
		"canary promote web ":           {none},
		"canary promote sts ":           {"db\t1/1 ready", "web\t1/2 ready", none},
		"canary promote sts web ":       {none},
		"plan web ":                     {none},
		"doctor --list ":                {none},
		"dns -f testdata/dns/web.yaml ": {"web\t2 replicas", none},
		"dns -f - ":                     {none},
		"pvc-gc undo ":                  {"data-web-7\tvolume pv-7, deleted 60m ago", none},
		"pvc-gc undo data-web-7 ":       {none},
		"pvc-gc purge pv/":              {"pv/pv-7\tvolume pv-7, deleted 60m ago", none},
		"version ":                      {none},
		"nosuch ":                       {none},
		"profile show et":               {"etcd\tetcd", none},
		"profile show etcd ":            {none},
		"profile lint ":                 {"json", "yaml", "yml", suffixes},
		"completion install ":           {"bash", "zsh", "fish", "powershell", none},
		"completion install bash ":      {none},
		"completion uninstall ":         {none},

		// Flags of kubectl.
		"status -n ":                         {"shop\tActive", "old\tTerminating", none},
		"status --namespace=s":               {"shop\tActive", none},
		"status --context ":                  {"lab\tcluster one, namespace shop (current)", "live\tcluster two", none},
		"status --cluster t":                 {"two\thttps://two.example.com", none},
		"status --server https://t":          {"https://two.example.com\tcluster two", none},
		"status --user ":                     {"kim", "root", none},
		"status --kubeconfig ":               {files},
		"status --request-timeout ":          {none},
		"status --insecure-skip-tls-verify=": {"true", "false", sorted},

		// Flags with objects.
		"status web --ordinal ":            {web0, web1, sorted},
		"status web --ordinal 0,":          {"0," + web1, sorted},
		"status web --ordinal 0-":          {"0-" + web1, sorted},
		"status --ordinal ":                {none},
		"recover web --ordinal 1":          {web1, sorted},
		"recover web --node-is-off ":       {none},
		"canary promote web --to-ordinal ": {web0, web1, sorted},
		"canary start web --from-ordinal ": {web0, web1, sorted},
		"pvc-gc web --ordinal ":            {"0\tdata-web-0", "4\tdata-web-4", sorted},
		"pvc-gc --claim data-web-0,":       {"data-web-0,data-web-4\tBound, 1Gi", none},
		"pvc-gc --reserve-annotation ":     {"team/replicas\tweb", none},
		"status -l ":                       {"app=db\tdb", "app=web\tweb", none},
		"pause -l app=d":                   {"app=db\tdb", none},
		"status -A -l app=d":               {"app=db\tdb", none},
		"undo web --to-revision ":          {"2\tweb-2, containers[app].image: reg:5000/app:v1 → reg:5000/app:v2", "1\tweb-1", sorted},
		"undo web --to-revision web-1":     {"web-1\trevision 1", sorted},
		"diff web --from-revision 1":       {"1\tweb-1", sorted},
		"canary start web --image ":        {"app=\treg:5000/app:v2", "init=\tinit:v1", "reg:5000/app:v2\tcurrent image of app", "reg:5000/app:v1\trevision 1", open},
		"canary start web --image app=":    {"app=reg:5000/app:v2\tcurrent image of app", "app=reg:5000/app:v1\trevision 1", open},
		"plan web --lose-node ":            {"node-1\tweb-0", "node-2\tweb-1", none},
		"plan --lose-node ":                {"node-1", "node-2", none},
		"plan web --partition ":            {"0\tupdates pods 0 and above", "1\tupdates pods 1 and above", "2\tupdates no pod", sorted},
		"plan web --feature-gates ":        {"MaxUnavailableStatefulSet=true", "MaxUnavailableStatefulSet=false", sorted},
		"dns web --port ":                  {"sql\t5432/TCP", "80\tTCP", none},
		"dns --from-pod ":                  {"web-0\tReady on node-1", "web-1\tRunning on node-2", none},
		"dns --from-pod pod/web-1":         {"pod/web-1\tRunning on node-2", none},
		"dns --from-pod pod/web-1 -c ":     {"app\treg:5000/app:v2", "side\tside:1", none},
		"dns --server ":                    {"resolv.conf\tthe name server of this machine", sorted},
		"drain-scale web --profile no":     {"none\tno profile", files},
		"drain-scale web --replicas ":      {none},
		"drain-scale web --on s":           {"survivor", sorted},
		"status -o js":                     {"json", "jsonpath", "jsonpath-as-json", "jsonpath-file", sorted},
		"doctor --ignore NoHistory,NoH":    {none},
		"plan -f ":                         {"json", "yaml", "yml", suffixes},
		"plan -k ":                         {folders},
		"canary promote web --check ":      {files},
		"canary promote web --steps ":      {none},
	} {
		t.Run(line, func(t *testing.T) {
			w := newWorld()
			server := httptest.NewServer(w)
			defer server.Close()
			i := completeIn(t, server.URL, strings.Split(line, " ")...)
			got := strings.Split(strings.TrimSuffix(i.out.String(), "\n"), "\n")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("candidates (-want +got):\n%s", diff)
			}
			if i.code != 0 || strings.Contains(i.err.String(), "deprecated") {
				t.Errorf("exit code %d, stderr %q", i.code, i.err.String())
			}
			if n := w.requests.Load(); n > 2 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A claim whose deletion was requested is offered for a rescue.
func TestCompletionOfClaimsAtRisk(t *testing.T) {
	server := httptest.NewServer(newWorld())
	defer server.Close()
	i := completeIn(t, server.URL, "pvc-gc", "rescue", "")
	if got := i.out.String(); !strings.HasPrefix(got, "data-web-4\t") || strings.Count(got, "\n") != 2 {
		t.Errorf("candidates %q", got)
	}
}

// What cannot be read is not offered, without an error; for namespaces those of the kubeconfig are.
func TestCompletionWithoutPermission(t *testing.T) {
	server := httptest.NewServer(&world{})
	defer server.Close()
	for _, command := range []string{
		"status", "canary promote", "pvc-gc undo", "pvc-gc rescue", "status web --ordinal", "undo web --to-revision", "canary start web --image",
		"plan web --lose-node", "plan --lose-node", "plan web --partition", "dns web --port", "dns --from-pod", "dns --from-pod x -c", "pvc-gc --claim",
		"pvc-gc web --ordinal", "pvc-gc --reserve-annotation", "status -l",
	} {
		i := completeIn(t, server.URL, append(strings.Fields(command), "")...)
		if out := i.out.String(); out != ":4\n" && out != ":36\n" || i.code != 0 {
			t.Errorf("%s: exit code %d, %q", command, i.code, i.out.String())
		}
	}
	if i := completeIn(t, server.URL, "status", "-n", ""); i.out.String() != "shop\n:4\n" {
		t.Errorf("namespaces: %q", i.out.String())
	}
}

// A server that does not respond costs less than two seconds.
func TestCompletionIsBounded(t *testing.T) {
	server := httptest.NewServer(&world{hangs: true})
	defer server.Close()
	start := time.Now()
	i := completeIn(t, server.URL, "status", "")
	if took := time.Since(start); took > 2*time.Second || i.out.String() != ":4\n" || i.code != 0 {
		t.Errorf("after %s exit code %d: %q", took, i.code, i.out.String())
	}
	if server.CloseClientConnections(); i.err.String() != "Completion ended with directive: ShellCompDirectiveNoFileComp\n" {
		t.Errorf("stderr %q", i.err.String())
	}
}

// What cannot be cancelled is not waited for.
func TestCompletionDoesNotWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cmd := &cobra.Command{}
	cmd.SetContext(ctx)
	stop := make(chan struct{})
	defer close(stop)
	found, directive := (&common{}).completing(func(*word) ([]string, cobra.ShellCompDirective) {
		<-stop
		return []string{"late"}, anyFile
	})(cmd, nil, "")
	if len(found) > 0 || directive != noFiles {
		t.Errorf("%v, %d", found, directive)
	}
}
