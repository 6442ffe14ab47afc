package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
)

func TestProfileList(t *testing.T) {
	i := invoke(t, "profile", "list")
	const want = `NAME           SYSTEM            DOES         TESTED  DETECTED BY
cassandra      Apache Cassandra  drain, join  no      image cassandra, app.kubernetes.io/name=cassandra
elasticsearch  Elasticsearch     drain, join  no      image elasticsearch, app.kubernetes.io/name=elasticsearch
etcd           etcd              drain, join  yes     image etcd, app.kubernetes.io/name=etcd
minio          MinIO             refuses      -       image minio/minio, image bitnami/minio
opensearch     OpenSearch        drain, join  no      image opensearch, app.kubernetes.io/name=opensearch
rabbitmq       RabbitMQ          drain, join  yes     image rabbitmq, image rabbitmq-server, app.kubernetes.io/name=rabbitmq
zookeeper      Apache ZooKeeper  drain        yes     image zookeeper, app.kubernetes.io/name=zookeeper
`
	if diff := cmp.Diff(want, i.out.String()); diff != "" || i.code != ExitOK {
		t.Errorf("exit code %d\n%s%s", i.code, diff, i.err.String())
	}
	i = invoke(t, "profile", "list", "-o", "name")
	if !strings.HasPrefix(i.out.String(), "drainprofile.kubectl-sts.dev/cassandra\n") {
		t.Error(i.out.String(), i.err.String())
	}
	i = invoke(t, "profile", "list", "-o", `jsonpath={range .items[?(@.refuse)]}{.metadata.name}{end}`)
	if i.out.String() != "minio" {
		t.Error(i.out.String(), i.err.String())
	}
}

func TestProfileShow(t *testing.T) {
	i := invoke(t, "profile", "show", "etcd")
	source, err := profile.Source("etcd")
	if err != nil || i.code != ExitOK || i.out.String() != string(source) {
		t.Errorf("%v, exit code %d\n%s", err, i.code, cmp.Diff(string(source), i.out.String()))
	}
	// -o json and -o yaml print a valid profile, the same one.
	want, err := profile.Find("etcd")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"json", "yaml"} {
		i = invoke(t, "profile", "show", "etcd", "-o", format)
		got, err := profile.Parse(i.out.Bytes())
		if diff := cmp.Diff(want, got); diff != "" || err != nil || i.code != ExitOK {
			t.Errorf("-o %s: %v, exit code %d\n%s", format, err, i.code, diff)
		}
	}
	var doc struct {
		APIVersion, Kind string
		Until            struct{ Interval string }
	}
	if err := json.Unmarshal(invoke(t, "profile", "show", "rabbitmq", "-o", "json").out.Bytes(), &doc); err != nil ||
		doc.APIVersion != "kubectl-sts.dev/v1alpha1" || doc.Kind != "DrainProfile" || doc.Until.Interval != "5s" {
		t.Errorf("%+v, %v", doc, err)
	}
}

func TestProfileLint(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	source, err := profile.Source("etcd")
	if err != nil {
		t.Fatal(err)
	}
	good := write("good.yaml", string(source))
	bad := write("bad.yaml", strings.Replace(string(source), "  name: etcd\n", "  name: etcd\n  label: x\n", 1)+"dran: []\n")
	empty := write("empty.yaml", "")

	i := invoke(t, "profile", "lint", good)
	if i.code != ExitOK || i.out.String() != msgLintValid(good, "etcd")+"\n" || i.err.Len() > 0 {
		t.Errorf("exit code %d, %q, %q", i.code, i.out.String(), i.err.String())
	}
	i = invoke(t, "profile", "lint", bad, good, empty)
	out := strings.ReplaceAll(i.out.String(), dir+string(filepath.Separator), "")
	lines := strings.Count(string(source), "\n")
	head, _, _ := strings.Cut(string(source), "  name: etcd\n")
	want := []string{
		"bad.yaml:" + strconv.Itoa(strings.Count(head, "\n")+2) + ":3: metadata.label: ",
		"bad.yaml:" + strconv.Itoa(lines+2) + ":1: dran: ",
		msgLintValid("good.yaml", "etcd"),
		"empty.yaml:1:1: ",
	}
	same := slices.EqualFunc(want, strings.Split(strings.TrimSpace(out), "\n"), func(begins, line string) bool { return strings.HasPrefix(line, begins) })
	if !same || i.code != ExitError || i.err.String() != "error: "+msgLintFailed(3, 2)+"\n" {
		t.Errorf("exit code %d, %q, want lines that begin with %q:\n%s", i.code, i.err.String(), want, out)
	}
	i = invoke(t, "profile", "lint", "-")
	if i.code != ExitError || !strings.HasPrefix(i.out.String(), "-:1:1: ") || i.err.String() != "error: "+msgLintFailed(1, 1)+"\n" {
		t.Errorf("exit code %d, %q, %q", i.code, i.out.String(), i.err.String())
	}
	i = invoke(t, "profile", "lint", filepath.Join(dir, "missing.yaml"))
	if i.code != ExitError || !strings.Contains(i.err.String(), "missing.yaml") {
		t.Errorf("exit code %d, %q", i.code, i.err.String())
	}
}
